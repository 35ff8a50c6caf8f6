"""Express workflows: started at least once, run by the interpreter; their end is seen by nobody,
but for a caller who waits for it.
"""

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation import workflow
from tests.simulation.permissions import TRACING
from tests.simulation.plan import MachineSpec
from tests.simulation.scheduler import Task
from tests.simulation.workflow import RunResult

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


class Machines:
    def __init__(self, run: "CloudRun", specs: Mapping[str, MachineSpec]) -> None:
        self.failed: list[str] = []
        self._run = run
        self._specs = specs
        self._count = 0

    def start(self, name: str, event: Mapping[str, Any]) -> None:
        run = self._run
        self._start(name, event, 0.02)
        if run.hits("run twice", name):
            self._start(name, event, run.faults.between(0.0, 60.0))

    def ask(self, name: str, event: Mapping[str, Any]) -> RunResult:
        """Run it once, at most, and wait from inside a task for how it ends."""

        def begin(told: Callable[[RunResult], None]) -> None:
            self._start(name, event, 0.02, told)

        result: RunResult = self._run.scheduler.wait_for(begin)
        return result

    def _start(
        self,
        name: str,
        event: Mapping[str, Any],
        delay: float,
        told: Callable[[RunResult], None] = lambda _result: None,
    ) -> None:
        run, spec = self._run, self._specs[name]
        run.takes_role("states.amazonaws.com", spec.role, spec.arn)
        for action in TRACING:
            run.permissions.allows(spec.role, action, "*")
        self._count += 1
        execution = f"run-{self._count}"
        order = random.Random(run.rng.getrandbits(32))

        def body() -> Any:
            return workflow.run(spec, event, run.call, run.sleep, run.clock.now, order, execution)

        def ended(task: Task) -> None:
            if task.failure is not None and isinstance(task.failure, Exception):
                raise task.failure
            status = "CUT OFF" if task.failure is not None else task.result.status
            told(RunResult("TIMED_OUT") if task.failure is not None else task.result)
            if status != "SUCCEEDED":
                self.failed.append(str(event))
                run.note(f"{name} {execution} {status}")

        limit = float(spec.timeout_seconds or 300)
        if run.hits("run cut off", name):
            limit = run.faults.between(0.0, 0.3)
        run.scheduler.start(name, spec.role, body, ended, delay, limit)
