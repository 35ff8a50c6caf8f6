"""Array and object constructors, and the grouping that objects are made by."""

from typing import Any

from tests.simulation.jsonata.frames import Code, Frame
from tests.simulation.jsonata.nodes import Builder, Node, constant
from tests.simulation.jsonata.values import MISSING, Constructed, QueryFailed, appended

type Pairs = list[tuple[Code, Code]]


def array(builder: Builder, node: Node) -> Code:
    listed = constant(node)
    if listed is not MISSING:
        return lambda _value, _frame: listed
    # An array inside an array stays an item; the items of a path or a function are poured in.
    items = [(builder.code(each), each.value == "[") for each in node.expressions]
    kind: type[list[Any]] = Constructed if node.consarray else list

    def run(value: Any, frame: Frame) -> Any:
        result = kind()
        for code, nested in items:
            item = code(value, frame)
            if item is MISSING:
                continue
            if isinstance(item, list) and not nested:
                result.extend(item)
            else:
                result.append(item)
        return result

    return run


def object_(builder: Builder, node: Node) -> Code:
    pairs = builder.pairs(node.lhs_object)
    keys = [constant(key) for key, _ in node.lhs_object]
    general = _group(pairs)
    if not all(type(key) is str for key in keys) or len(set(keys)) != len(keys):
        return general
    named = [(key, code) for key, (_, code) in zip(keys, pairs, strict=True)]

    def run(value: Any, frame: Frame) -> Any:
        if isinstance(value, list):
            return general(value, frame)
        made = {}
        for key, code in named:
            item = code(value, frame)
            if item is not MISSING:
                made[key] = item
        return made

    return run


def grouped(code: Code, pairs: Pairs) -> Code:
    """`code{key: value}`: an object with one entry for each key that the items give."""
    group = _group(pairs)
    return lambda value, frame: group(code(value, frame), frame)


def _group(pairs: Pairs) -> Code:
    def run(value: Any, frame: Frame) -> Any:
        items = (value or [MISSING]) if isinstance(value, list) else [value]
        made = {}
        for key, (content, code) in _groups(pairs, items, frame).items():
            item = code(content, frame)
            if item is not MISSING:
                made[key] = item
        return made

    return run


def _groups(pairs: Pairs, items: list[Any], frame: Frame) -> dict[str, tuple[Any, Code]]:
    """What belongs to each key: the items that gave it, and the code of its value."""
    groups: dict[str, tuple[Any, Code]] = {}
    for item in items:
        for key_code, code in pairs:
            key = key_code(item, frame)
            if key is MISSING:
                continue
            if type(key) is not str:
                raise QueryFailed("T1003: an object's key is a string")
            content, known = groups.get(key, (MISSING, code))
            if known is not code:
                raise QueryFailed(f"D1009: two expressions make the key {key}")
            groups[key] = (item if key not in groups else appended(content, item), code)
    return groups
