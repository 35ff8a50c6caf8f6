"""States that stand by themselves: Pass, Choice, Wait, Succeed and Fail."""

from datetime import datetime
from typing import Any

from tests.simulation.workflow.errors import QUERY, RUNTIME, StateFailed
from tests.simulation.workflow.execution import Visit
from tests.simulation.workflow.handling import Definition, Outcome, Transition
from tests.simulation.workflow.payloads import optional, payload


class Pass:
    def __init__(self, state: Definition, name: str) -> None:
        self._outcome = Outcome(state, name)

    def run(self, visit: Visit) -> Transition:
        return self._outcome.reached(visit, visit.input)


class Succeed(Pass):
    """Ends its level; it has no Next."""


class Choice:
    """The first rule that holds.

    Without a rule and a Default, AWS fails the run with States.Runtime ("States.NoChoiceMatched" is
    a name that it only reserves), and no Catch of any level takes that.
    """

    def __init__(self, state: Definition, name: str) -> None:
        self._rules = [
            (payload(rule["Condition"], f"{name}/Choices[{at}]/Condition"), Outcome(rule, name))
            for at, rule in enumerate(state["Choices"])
        ]
        default = {**state, "Next": state.get("Default")}
        self._default = Outcome(default, name) if "Default" in state else None

    def run(self, visit: Visit) -> Transition:
        variables = visit.variables()
        for condition, outcome in self._rules:
            if self._holds(condition(variables)):
                return outcome.reached(visit, visit.input)
        if self._default is None:
            raise StateFailed(RUNTIME, f"No choice of {visit.name} matches, and it has no default")
        return self._default.reached(visit, visit.input)

    def _holds(self, answer: Any) -> bool:
        if not isinstance(answer, bool):
            raise StateFailed(QUERY, "A condition must be true or false")
        return answer


class Wait:
    def __init__(self, state: Definition, name: str) -> None:
        self._outcome = Outcome(state, name)
        self._seconds = optional(state, "Seconds", name)
        self._until = optional(state, "Timestamp", name)

    def run(self, visit: Visit) -> Transition:
        execution = visit.scope.execution
        if self._seconds is not None:
            execution.wait(float(self._seconds(visit.variables())))
        if self._until is not None:
            until = datetime.fromisoformat(self._until(visit.variables()))
            execution.wait(max((until - execution.now()).total_seconds(), 0.0))
        return self._outcome.reached(visit, visit.input)


class Fail:
    def __init__(self, state: Definition, name: str) -> None:
        self._error = payload(state.get("Error", ""), f"{name}/Error")
        self._cause = payload(state.get("Cause", ""), f"{name}/Cause")

    def run(self, visit: Visit) -> Transition:
        variables = visit.variables()
        raise StateFailed(str(self._error(variables)), str(self._cause(variables)))
