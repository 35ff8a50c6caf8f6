"""Step Functions for the simulation: runs a definition in virtual time, every chance drawn.

Only JSONata definitions. What the interpreter does not know, it refuses by name when a definition
is first run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Protocol

from tests.simulation.workflow.errors import TIMEOUT, RunTimedOut, StateFailed
from tests.simulation.workflow.execution import Call, Execution, Scope, deadline, instant
from tests.simulation.workflow.nesting import Level
from tests.simulation.workflow.payloads import settled

__all__ = ["Machine", "RunResult", "run"]

EXPRESS_SECONDS_MAX = 300
_STANDARD_SECONDS_MAX = 365 * 24 * 3600
_REGION = "arn:aws:states:eu-central-1:123456789012"
_KEPT_MAX = 256


class Machine(Protocol):
    """What a run needs to know of a state machine: `plan.MachineSpec` has it."""

    @property
    def name(self) -> str: ...

    @property
    def definition(self) -> dict[str, Any]: ...

    @property
    def timeout_seconds(self) -> float | None: ...

    @property
    def express(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: SUCCEEDED with its output, or FAILED or TIMED_OUT with error and cause."""

    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None


def run(
    machine: Machine,
    input: Any,
    call: Call,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    rng: Random,
    execution: str,
) -> RunResult:
    """Run a state machine to its end.

    `call(service, operation, arguments)` is a botocore call ("dynamodb", "GetItem", {...}): it
    returns the reply or raises botocore's errors. `sleep` takes seconds. Whatever else is raised
    in `call` or `sleep` passes through: a crash ends the run where it stands, and no Catch and no
    Retry sees it.
    """
    level = _level(machine.definition)
    try:
        given = settled(input, "Input")
        made = _execution(machine, given, call, sleep, now, rng, execution)
        output = level.run(given, Scope(made, {}))
    except RunTimedOut:
        return RunResult("TIMED_OUT", error=TIMEOUT, cause="The time of the run is over")
    except StateFailed as failure:
        return RunResult("FAILED", error=failure.error, cause=failure.cause)
    return RunResult("SUCCEEDED", output)


def _execution(
    machine: Machine,
    value: Any,
    call: Call,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    rng: Random,
    name: str,
) -> Execution:
    start = now()
    kind = "express" if machine.express else "execution"
    arn = f"{_REGION}:{kind}:{machine.name}:{name}"
    machine_arn = f"{_REGION}:stateMachine:{machine.name}"
    context = {
        "Execution": {"Id": arn, "Input": value, "Name": name, "StartTime": instant(start)},
        "StateMachine": {"Id": machine_arn, "Name": machine.name},
    }
    ends = deadline(start, _seconds(machine))
    return Execution(call, sleep, now, rng, ends, arn, machine_arn, context)


def _seconds(machine: Machine) -> float:
    longest = EXPRESS_SECONDS_MAX if machine.express else _STANDARD_SECONDS_MAX
    given = machine.timeout_seconds or machine.definition.get("TimeoutSeconds") or longest
    return float(min(given, longest))


_levels: dict[int, tuple[dict[str, Any], Level]] = {}


def _level(definition: dict[str, Any]) -> Level:
    """Compiled once per definition object; a definition is never changed in place."""
    found = _levels.get(id(definition))
    if found is not None and found[0] is definition:
        return found[1]
    if definition.get("QueryLanguage") != "JSONata":
        raise NotImplementedError("only JSONata definitions are run")
    if len(_levels) >= _KEPT_MAX:
        _levels.clear()
    level = Level(definition)
    _levels[id(definition)] = (definition, level)
    return level
