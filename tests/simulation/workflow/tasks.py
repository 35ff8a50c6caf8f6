"""Tasks: a call of a service, within its time."""

from datetime import timedelta

from tests.simulation.workflow.errors import TIMEOUT, StateFailed
from tests.simulation.workflow.execution import Visit
from tests.simulation.workflow.handling import Definition, Handling, Outcome, Transition
from tests.simulation.workflow.integrations import integration
from tests.simulation.workflow.payloads import payload, settled


class Task:
    """Arguments, call, result, output. A query that fails in either is an error of the task."""

    def __init__(self, state: Definition, name: str) -> None:
        self._integration = integration(state["Resource"])
        self._arguments = payload(state.get("Arguments", {}), f"{name}/Arguments")
        self._seconds = payload(state.get("TimeoutSeconds", 99_999_999), f"{name}/TimeoutSeconds")
        self._handling = Handling(state, name)
        self._outcome = Outcome(state, name)

    def run(self, visit: Visit) -> Transition:
        return self._handling.around(visit, lambda: self._attempt(visit))

    def _attempt(self, visit: Visit) -> Transition:
        execution = visit.scope.execution
        variables = visit.variables()
        arguments = settled(self._arguments(variables), "Arguments")
        ends = execution.now() + timedelta(seconds=float(self._seconds(variables)))
        try:
            answer = self._integration.called(arguments, execution)
        finally:
            execution.check_time()
        # What was done is done, but nobody waits for the answer any more.
        if execution.now() > ends:
            raise StateFailed(TIMEOUT, f"The task {visit.name} took too long")
        result = settled(answer, "Result")
        return self._outcome.reached(visit, result, result=result)
