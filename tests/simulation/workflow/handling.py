"""Retry, Catch and Assign: what every state does with its errors and its results."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.workflow.errors import StateFailed, matches
from tests.simulation.workflow.execution import Visit
from tests.simulation.workflow.payloads import optional, settled

type Definition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a state leads: its output, and the next state or None at the end."""

    output: Any
    next: str | None


@dataclass(frozen=True, slots=True)
class Retrier:
    """Waits `interval`, then `rate` times as long after each attempt, `longest` at most."""

    errors: list[str]
    interval: float
    attempts: int
    rate: float
    longest: float
    jitter: bool

    def seconds(self, made: int, rng: Random) -> float:
        """The wait before the next attempt, after so many that this retrier made already."""
        full = min(self.interval * self.rate**made, self.longest)
        return rng.uniform(0.0, full) if self.jitter else full


def retriers(state: Definition) -> list[Retrier]:
    return [
        Retrier(
            errors=each["ErrorEquals"],
            interval=each.get("IntervalSeconds", 1),
            attempts=each.get("MaxAttempts", 3),
            rate=each.get("BackoffRate", 2.0),
            longest=each.get("MaxDelaySeconds", float("inf")),
            jitter=each.get("JitterStrategy", "NONE") == "FULL",
        )
        for each in state.get("Retry", [])
    ]


class Outcome:
    """`Output`, `Assign` and where to go, of a state, of a rule or of a catcher."""

    def __init__(self, definition: Definition, name: str) -> None:
        self._output = optional(definition, "Output", name)
        self._assign = optional(definition, "Assign", name)
        self._next: str | None = definition.get("Next")

    def reached(self, visit: Visit, default: Any, **seen: Any) -> Transition:
        """Both are read with the variables as they were, then the new ones hold.

        `default` is the output where none is written.
        """
        if self._output is None and self._assign is None:
            return Transition(default, self._next)
        variables = visit.variables(**seen)
        if self._output is not None:
            default = settled(self._output(variables), "Output")
        if self._assign is not None:
            visit.scope.variables.update(settled(self._assign(variables), "Assign"))
        return Transition(default, self._next)


class Handling:
    """The retriers and catchers of a state, in their order."""

    def __init__(self, state: Definition, name: str) -> None:
        self._retriers = retriers(state)
        self._catchers = [
            (each["ErrorEquals"], Outcome(each, name)) for each in state.get("Catch", [])
        ]

    def around(self, visit: Visit, attempt: Callable[[], Transition]) -> Transition:
        """Try until it works or no retrier takes the error; then the first catcher that does."""
        made = [0] * len(self._retriers)
        while True:
            try:
                return attempt()
            except StateFailed as failure:
                wait = self._wait(failure.error, made, visit.scope.execution.rng)
                if wait is None:
                    return self._caught(visit, failure)
                visit.scope.execution.wait(wait)
                visit.retries += 1

    def _wait(self, error: str, made: list[int], rng: Random) -> float | None:
        """The first retrier that takes the error decides, even if it has no attempt left."""
        for index, retrier in enumerate(self._retriers):
            if matches(retrier.errors, error):
                if made[index] >= retrier.attempts:
                    return None
                made[index] += 1
                return retrier.seconds(made[index] - 1, rng)
        return None

    def _caught(self, visit: Visit, failure: StateFailed) -> Transition:
        for errors, outcome in self._catchers:
            if matches(errors, failure.error):
                shown = failure.output()
                return outcome.reached(visit, shown, errorOutput=shown)
        raise failure
