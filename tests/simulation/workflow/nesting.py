"""Levels of states: a machine, the branches of a Parallel, the iterations of a Map."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tests.simulation.workflow.errors import QUERY, StateFailed
from tests.simulation.workflow.execution import Scope, Visit
from tests.simulation.workflow.handling import Definition, Handling, Outcome, Transition
from tests.simulation.workflow.payloads import optional, payload, settled
from tests.simulation.workflow.states import Choice, Fail, Pass, Succeed, Wait
from tests.simulation.workflow.tasks import Task


class State(Protocol):
    def run(self, visit: Visit) -> Transition: ...


class Level:
    """States that lead to each other, from StartAt to an end."""

    def __init__(self, definition: Definition) -> None:
        self._start: str = definition["StartAt"]
        self._states = {name: _state(name, each) for name, each in definition["States"].items()}

    def run(self, value: Any, scope: Scope) -> Any:
        name: str | None = self._start
        while name is not None:
            scope.execution.enter()
            passed = self._states[name].run(Visit(name, value, scope))
            name, value = passed.next, passed.output
        return value


def _state(name: str, state: Definition) -> State:
    kind = _KINDS.get(state["Type"])
    if kind is None or state.get("QueryLanguage", "JSONata") != "JSONata":
        raise NotImplementedError(f"state {name}: {state['Type']} {state.get('QueryLanguage', '')}")
    return kind(state, name)


class Parallel:
    """Its branches one after another, in an order that is drawn: each sees what others have done.

    The first failure ends the state; branches that have not begun by then never run.
    """

    def __init__(self, state: Definition, name: str) -> None:
        self._branches = [Level(branch) for branch in state["Branches"]]
        self._arguments = optional(state, "Arguments", name)
        self._handling = Handling(state, name)
        self._outcome = Outcome(state, name)

    def run(self, visit: Visit) -> Transition:
        return self._handling.around(visit, lambda: self._attempt(visit))

    def _attempt(self, visit: Visit) -> Transition:
        value = visit.input
        if self._arguments is not None:
            value = settled(self._arguments(visit.variables()), "Arguments")
        results: list[Any] = [None] * len(self._branches)
        for index in drawn(len(self._branches), visit):
            results[index] = self._branches[index].run(value, visit.scope.inner())
        result = settled(results, "Result")
        return self._outcome.reached(visit, result, result=result)


class Map:
    """An inline Map: its iterations one after another, in an order that is drawn."""

    def __init__(self, state: Definition, name: str) -> None:
        if state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
            raise NotImplementedError(f"state {name}: a distributed Map")
        self._items = payload(state.get("Items", _INPUT), f"{name}/Items")
        self._level = Level(state["ItemProcessor"])
        self._selector = payload(state.get("ItemSelector", _ITEM), f"{name}/ItemSelector")
        self._handling = Handling(state, name)
        self._outcome = Outcome(state, name)

    def run(self, visit: Visit) -> Transition:
        return self._handling.around(visit, lambda: self._attempt(visit))

    def _attempt(self, visit: Visit) -> Transition:
        items = settled(self._items(visit.variables()), "Items")
        if not isinstance(items, list):
            raise StateFailed(QUERY, f"The items of {visit.name} are no array")
        results: list[Any] = [None] * len(items)
        for index in drawn(len(items), visit):
            scope = visit.scope.inner({"Index": index, "Value": items[index]})
            selected = self._selector(Visit(visit.name, visit.input, scope).variables())
            results[index] = self._level.run(settled(selected, "ItemSelector"), scope)
        result = settled(results, "Result")
        return self._outcome.reached(visit, result, result=result)


def drawn(count: int, visit: Visit) -> list[int]:
    """0 to `count` - 1 in an order of chance."""
    order = list(range(count))
    if count > 1:
        visit.scope.execution.rng.shuffle(order)
    return order


_INPUT = "{% $states.input %}"
_ITEM = "{% $states.context.Map.Item.Value %}"
_KINDS: Mapping[str, Callable[[Definition, str], State]] = {
    "Pass": Pass,
    "Task": Task,
    "Choice": Choice,
    "Wait": Wait,
    "Succeed": Succeed,
    "Fail": Fail,
    "Parallel": Parallel,
    "Map": Map,
}
