"""An Express workflow runs on one thread, without a history.

The engine runs every workflow like a Standard one: a thread for each branch and each timed task, a
pause before the first state, an event for each step, and notes on the bus that on AWS only Standard
workflows send. Here an Express workflow whose tasks the engine carries out within its own process
runs its branches one after the other, on one of a few threads. Any other workflow goes the
engine's way.
"""

import functools
import json
import logging
import queue
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as engine

from .expecting import expect

logger = logging.getLogger("states")

State = dict[str, Any]

# One interpreter runs them all: more threads would only take it away from each other.
THREADS = 4
# The engine carries these out by a call within its process.
OWN_TASKS = frozenset(
    {
        *(f"arn:aws:states:::dynamodb:{name}Item" for name in ("get", "put", "delete", "update")),
        "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems",
        "arn:aws:states:::events:putEvents",
        "arn:aws:states:::sqs:sendMessage",
    }
)
INSTANT = frozenset({"Pass", "Choice", "Succeed", "Fail"})

_waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
_run_any = engine._run_execution
_branches_of_any = engine._run_parallel_branches
_timed_of_any = engine._invoke_resource_with_timeout
_event_of_any = engine._add_event
_emit_of_any = engine._emit_execution_status_event


class Unwritten(dict[str, Any]):
    """An execution whose steps are not noted."""


def mend() -> None:
    """Put the shorter way before the engine's own."""
    expect(
        {
            engine._start_execution: "9923282fc76c",
            engine._start_sync_execution: "8600470a0208",
            engine._run_execution: "996dff84e0e0",
            engine._run_sub_machine: "f8d844168b14",
            engine._run_parallel_branches: "b8c7f6915297",
            engine._execute_task: "53c818d247db",
            engine._invoke_resource_with_timeout: "faeed0bf70d5",
            engine._fail_execution: "e6da895fa0b7",
            engine._emit_execution_status_event: "9c89e45693e3",
            engine._add_event: "b1db143ccd21",
        }
    )
    engine._run_execution = run
    engine.threading = types.SimpleNamespace(**{**vars(threading), "Thread": thread})
    for _ in range(THREADS):
        # Like the engine's own they end with the process, whatever still waits.
        threading.Thread(target=_serve, name="express", daemon=True).start()
    engine._run_parallel_branches = run_branches
    engine._invoke_resource_with_timeout = invoke_timed
    engine._add_event = add_event
    engine._emit_execution_status_event = emit


def run(arn: str) -> None:
    """Carry out an execution that was noted as running."""
    found = _found(arn)
    if found is None:
        _run_any(arn)
    else:
        _run(*found)


def thread(*, target: Any, args: tuple[Any, ...] = (), **rest: Any) -> Any:
    """A thread as the engine asks for it; one of the few when it is to run a short workflow."""
    if args and args[0] is run and _found(args[1]) is not None:
        return Queued(target, args)
    return threading.Thread(target=target, args=args, **rest)


class Queued:
    """What starts like a thread, and waits for one that is there already."""

    def __init__(self, target: Any, args: tuple[Any, ...]) -> None:
        self._work = functools.partial(target, *args)

    def start(self) -> None:
        """Run as soon as one of the threads is free."""
        _waiting.put(self._work)


def _serve() -> None:
    while True:
        try:
            _waiting.get()()
        except Exception:
            logger.exception("an execution was broken off")


def _found(arn: str) -> tuple[State, State, State] | None:
    """An execution, its machine and its definition, when it may go the short way."""
    execution = engine._executions.get(arn)
    machine = execution and engine._state_machines.get(execution["stateMachineArn"])
    if not machine or not _is_express(machine) or engine._sfn_mock_config:
        return None
    definition = _short_way(machine["definition"])
    return None if definition is None else (execution, machine, definition)


def _run(execution: State, machine: State, definition: State) -> None:
    try:
        output = json.dumps(_output(execution, machine, definition))
    except engine._ExecutionError as fault:
        engine._fail_execution(execution, fault.error, fault.cause)
    except Exception as fault:
        logger.exception("Unexpected error in execution %s", execution["executionArn"])
        engine._fail_execution(execution, "States.Runtime", str(fault))
    else:
        if execution["status"] == "RUNNING":
            execution.update(output=output, stopDate=now_iso(), status="SUCCEEDED")


def _output(execution: State, machine: State, definition: State) -> Any:
    try:
        given = json.loads(execution["input"])
    except json.JSONDecodeError:
        given = {}
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": given,
            "Name": execution["name"],
            "StartTime": execution["startDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }
    return engine._run_sub_machine(
        definition["States"], definition["StartAt"], given, Unwritten(execution), context
    )


def run_branches(state: State, given: Any, execution: State, context: State) -> tuple[Any, Any]:
    """The branches of a Parallel, one after the other; all of them run, the first fault counts."""
    if not isinstance(execution, Unwritten):
        return tuple(_branches_of_any(state, given, execution, context))
    chosen = engine._apply_input_path(state, given, context)
    shared = engine._apply_parameters(state, chosen, context)
    results: list[Any] = []
    faults: list[Exception] = []
    for branch in state["Branches"]:
        try:
            results.append(
                engine._run_sub_machine(
                    branch["States"], branch["StartAt"], shared, execution, context
                )
            )
        except Exception as fault:
            faults.append(fault)
    if faults:
        first = faults[0]
        own = isinstance(first, engine._ExecutionError)
        raise first if own else engine._ExecutionError("States.BranchFailed", str(first))
    result = engine._apply_result_selector(state, results)
    output = engine._apply_result_path(state, given, result)
    return engine._apply_output_path(state, output, context), engine._next_or_end(state)


def invoke_timed(resource: str, given: Any, limit: float) -> Any:
    """A task with a time limit, in this thread: its result is ignored when it came too late."""
    if resource not in OWN_TASKS:
        return _timed_of_any(resource, given, limit)
    began = time.monotonic()
    result = engine._invoke_resource(resource, given)
    if time.monotonic() - began > limit:
        raise engine._ExecutionError("States.Timeout", f"Task timed out after {limit} seconds")
    return result


def add_event(execution: State, kind: str, details: State | None = None) -> Any:
    """Note a step, unless nobody can ask for the history."""
    if isinstance(execution, Unwritten):
        return None
    return _event_of_any(execution, kind, details)


def emit(execution: State) -> None:
    """Tell the bus of a Standard workflow's execution; Express ones are not told of on AWS."""
    machine = engine._state_machines.get(execution["stateMachineArn"])
    if machine is None or not _is_express(machine):
        _emit_of_any(execution)


def _is_express(machine: State) -> bool:
    return bool(machine.get("type") == "EXPRESS")


@functools.lru_cache(maxsize=64)
def _short_way(text: str) -> State | None:
    """The definition when all its states are instant or the engine's own tasks, else None."""
    try:
        definition: State = json.loads(text)
        return definition if _quick(definition) else None
    except (json.JSONDecodeError, KeyError):
        return None


def _quick(machine: State) -> bool:
    states = machine["States"]
    return machine["StartAt"] in states and all(_quick_state(one) for one in states.values())


def _quick_state(state: State) -> bool:
    kind = state["Type"]
    if kind == "Parallel":
        return all(_quick(branch) for branch in state["Branches"])
    return kind in INSTANT or (kind == "Task" and state["Resource"] in OWN_TASKS)
