"""One run of a workflow: its time, its calls, and what the expressions see of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from tests.simulation.jsonata import CLOCK
from tests.simulation.workflow.errors import RunTimedOut
from tests.simulation.workflow.payloads import Variables

# More than any workflow here can need; a run that goes in a circle without waiting stops there.
_TRANSITIONS_MAX = 5_000

type Call = Callable[[str, str, dict[str, Any]], Any]


@dataclass(slots=True)
class Execution:
    """What the world gives a run. `sleep` and `now` are virtual time, `rng` draws every chance."""

    call: Call
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    rng: Random
    deadline: datetime
    arn: str
    machine_arn: str
    context: dict[str, Any]
    transitions: int = 0

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the run."""
        left = (self.deadline - self.now()).total_seconds()
        if seconds >= left:
            self.sleep(max(left, 0.0))
            raise RunTimedOut
        self.sleep(seconds)

    def enter(self) -> None:
        """A state is entered."""
        self.check_time()
        self.transitions += 1
        if self.transitions > _TRANSITIONS_MAX:
            raise RuntimeError("the workflow goes in a circle")

    def check_time(self) -> None:
        if self.now() >= self.deadline:
            raise RunTimedOut


@dataclass(slots=True)
class Scope:
    """The variables that are seen at one level; a branch has a copy, and its own stay inside."""

    execution: Execution
    variables: Variables
    item: dict[str, Any] | None = None

    def inner(self, item: dict[str, Any] | None = None) -> "Scope":
        return Scope(self.execution, dict(self.variables), item or self.item)


@dataclass(slots=True)
class Visit:
    """One state, once entered: its input, and the variables as they were then."""

    name: str
    input: Any
    scope: Scope
    retries: int = 0
    entered: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.entered = self.scope.execution.now()

    def variables(self, **more: Any) -> Variables:
        """What an expression sees; `more` is `result` or `errorOutput`."""
        execution = self.scope.execution
        states = {"input": self.input, "context": self._context(), **more}
        return {**self.scope.variables, "states": states, CLOCK: execution.now}

    def _context(self) -> dict[str, Any]:
        state = {
            "Name": self.name,
            "EnteredTime": instant(self.entered),
            "RetryCount": self.retries,
        }
        context = {**self.scope.execution.context, "State": state}
        return context if self.scope.item is None else {**context, "Map": {"Item": self.scope.item}}


@lru_cache(maxsize=64)
def instant(moment: datetime) -> str:
    """As `$states.context` writes times: UTC, in milliseconds."""
    return moment.isoformat(timespec="milliseconds").partition("+")[0] + "Z"


def deadline(start: datetime, seconds: float) -> datetime:
    return start + timedelta(seconds=seconds)
