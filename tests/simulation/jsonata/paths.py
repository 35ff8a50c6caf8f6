"""Paths: names, steps, predicates, orders, and the flattening between them."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.simulation.jsonata import orders, shapes
from tests.simulation.jsonata.frames import Code, Frame
from tests.simulation.jsonata.nodes import Builder, Node
from tests.simulation.jsonata.values import (
    MISSING,
    Constructed,
    Sequence,
    is_number,
    is_number_list,
    many,
    settled,
    truth,
)

type Step = Callable[[list[Any], Frame, bool], list[Any]]


def path(builder: Builder, node: Node) -> Code:
    if _is_plain(node) and node.group is None:
        return _direct(builder, node)
    code = _stepwise(builder, node)
    if node.keep_singleton_array:
        code = _in_its_array(code)
    if node.group is not None:
        return shapes.grouped(code, builder.pairs(node.group.lhs_object))
    return lambda value, frame: settled(code(value, frame))


def name(_builder: Builder, node: Node) -> Code:
    wanted = str(node.value)
    return lambda value, _frame: looked_up(value, wanted)


def looked_up(value: Any, wanted: str) -> Any:
    """The field of an object; of an array, the fields of all its objects in one sequence."""
    if type(value) is dict:
        return value.get(wanted, MISSING)
    if not isinstance(value, list):
        return MISSING
    found = Sequence()
    for item in value:
        field = looked_up(item, wanted)
        if isinstance(field, list):
            found.extend(field)
        elif field is not MISSING:
            found.append(field)
    return found


def _is_plain(node: Node) -> bool:
    """A variable or a name, then names only, with nothing hanging on them."""
    first, *rest = node.steps
    bare = not any(
        step.stages or step.predicate or step.group or step.keep_array for step in node.steps
    )
    return bare and first.type in ("variable", "name") and all(step.type == "name" for step in rest)


def _direct(builder: Builder, node: Node) -> Code:
    """Follow names from object to object; where an array comes in, go step by step instead."""
    first, *rest = node.steps
    start = builder.code(first) if first.type == "variable" else None
    names = tuple(str(step.value) for step in (node.steps if start is None else rest))
    stepwise = _stepwise(builder, node)

    def run(value: Any, frame: Frame) -> Any:
        found = value if start is None else start(value, frame)
        for wanted in names:
            if type(found) is not dict:
                return settled(stepwise(value, frame)) if isinstance(found, list) else MISSING
            found = found.get(wanted, MISSING)
        return settled(stepwise(value, frame)) if type(found) is Sequence else found

    return run


def _stepwise(builder: Builder, node: Node) -> Code:
    """A path that starts at a variable is the same wherever it stands: its input is one item."""
    first, *rest = node.steps
    if first.consarray:
        return _from_array(builder.code(first), [_step(builder, step) for step in rest])
    absolute = first.type == "variable"
    steps = [_step(builder, step) for step in node.steps]

    def run(value: Any, frame: Frame) -> Any:
        items = value if isinstance(value, list) and not absolute else [value]
        return _walked(steps, items, frame)

    return run


def _from_array(start: Code, steps: list[Step]) -> Code:
    """An array that is written at the start is what the path walks over."""

    def run(value: Any, frame: Frame) -> Any:
        return _walked(steps, start(many(value), frame), frame)

    return run


def _walked(steps: list[Step], items: list[Any], frame: Frame) -> Any:
    last = len(steps) - 1
    for index, step in enumerate(steps):
        if not items:
            break
        items = step(items, frame, index == last)
    return items


def _step(builder: Builder, node: Node) -> Step:
    stages = [builder.predicate(_predicate(stage)) for stage in node.stages or ()]
    if node.type == "sort":
        return _sorting(orders.sort_step(builder, node), stages)
    code = builder.code(node)
    for stage in stages:
        code = filtered(code, stage)
    return _mapping(code)


def _predicate(stage: Node) -> Node:
    if stage.type != "filter":
        raise NotImplementedError(f"JSONata's {stage.type} at {stage.position}")
    return stage.expr


def _mapping(code: Code) -> Step:
    """The step for each item; what comes out is one flat sequence."""

    def run(items: list[Any], frame: Frame, is_last: bool) -> list[Any]:
        results = [code(item, frame) for item in items]
        found = [each for each in results if each is not MISSING]
        if is_last and len(found) == 1 and type(found[0]) in (list, Constructed):
            array: list[Any] = found[0]
            return array
        return _flat(found)

    return run


def _flat(found: list[Any]) -> Sequence:
    flat = Sequence()
    for each in found:
        if type(each) in (list, Sequence):
            flat.extend(each)
        else:
            flat.append(each)
    return flat


def _sorting(sort: Callable[[list[Any], Frame], list[Any]], stages: list[int | Code]) -> Step:
    def run(items: list[Any], frame: Frame, _is_last: bool) -> list[Any]:
        found = sort(items, frame)
        for stage in stages:
            found = _at(found, stage) if isinstance(stage, int) else _chosen(found, stage, frame)
        return found

    return run


def _in_its_array(code: Code) -> Code:
    """`[]` is written somewhere in the path: a single item stays in an array."""

    def run(value: Any, frame: Frame) -> Any:
        found = code(value, frame)
        if type(found) is Constructed:
            found = Sequence((found,))
        if type(found) is Sequence:
            found.keep = True
        return found

    return run


def filtered(code: Code, predicate: int | Code) -> Code:
    """Keep the items at a position, or those for which the predicate holds."""
    if isinstance(predicate, int):
        return lambda value, frame: _at(many(code(value, frame)), predicate)
    return lambda value, frame: _chosen(many(code(value, frame)), predicate, frame)


def _at(items: list[Any], position: int) -> list[Any]:
    index = position if position >= 0 else len(items) + position
    if not 0 <= index < len(items) or items[index] is MISSING:
        return Sequence()
    item = items[index]
    return item if isinstance(item, list) else Sequence((item,))


def _chosen(items: list[Any], predicate: Code, frame: Frame) -> Sequence:
    chosen = Sequence()
    for index, item in enumerate(items):
        answer = predicate(item, frame)
        if is_number(answer):
            answer = [answer]
        if is_number_list(answer):
            places = (index, index - len(items))
            chosen.extend(item for each in answer if each // 1 in places)
        elif truth(answer):
            chosen.append(item)
    return chosen


def wildcard(_builder: Builder, _node: Node) -> Code:
    return lambda value, _frame: _everything_in(_unwrapped(value))


def _unwrapped(value: Any) -> Any:
    return value[0] if type(value) is Sequence and value.outer else value


def _everything_in(value: Any) -> Sequence:
    found = Sequence()
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            found.extend(_leaves(item) if isinstance(item, list) else (item,))
    return found


def _leaves(array: list[Any]) -> Iterator[Any]:
    for item in array:
        if isinstance(item, list):
            yield from _leaves(item)
        else:
            yield item


def descendants(_builder: Builder, _node: Node) -> Code:
    return lambda value, _frame: Sequence(() if value is MISSING else _below(value))


def _below(value: Any) -> Iterator[Any]:
    """The value and everything inside; arrays only by what they hold."""
    if not isinstance(value, list):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _below(item)
