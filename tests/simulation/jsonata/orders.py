"""Sorting: the step `^(...)` of a path, and the order that `$sort` uses."""

from collections.abc import Callable
from typing import Any

from tests.simulation.jsonata.frames import Code, Frame
from tests.simulation.jsonata.nodes import Builder, Node
from tests.simulation.jsonata.values import MISSING, QueryFailed

type Swap = Callable[[Any, Any], bool]


def ordered(items: list[Any], swap: Swap) -> list[Any]:
    """Sorted so that no neighbours are to be swapped; equal items keep their order."""

    class Key:
        __slots__ = ("item",)

        def __init__(self, item: Any) -> None:
            self.item = item

        def __lt__(self, earlier: "Key") -> bool:
            return swap(earlier.item, self.item)

    return sorted(items, key=Key)


def sort_step(builder: Builder, node: Node) -> Callable[[list[Any], Frame], list[Any]]:
    terms = [(builder.code(term.expression), bool(term.descending)) for term in node.terms]

    def run(items: list[Any], frame: Frame) -> list[Any]:
        def swap(left: Any, right: Any) -> bool:
            for code, descending in terms:
                found = _order(code, left, right, frame, descending)
                if found:
                    return found > 0
            return False

        return ordered(items, swap) if len(items) > 1 else items

    return run


def _order(code: Code, left: Any, right: Any, frame: Frame, descending: bool) -> int:
    """1 when `left` comes after `right`, -1 before; what is missing comes last in any order."""
    first, second = code(left, frame), code(right, frame)
    if first is MISSING or second is MISSING:
        return int(first is MISSING) - int(second is MISSING)
    kinds = {str if type(each) is str else type(each) for each in (first, second)}
    if not kinds <= {str, int, float}:
        raise QueryFailed("T2008: only numbers and strings are sorted")
    if str in kinds and len(kinds) > 1:
        raise QueryFailed("T2007: a number and a string are not sorted together")
    found = int(first > second) - int(first < second)
    return -found if descending else found
