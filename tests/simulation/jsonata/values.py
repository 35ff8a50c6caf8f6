"""JSONata's values as Python has them.

JSON null is None, and MISSING is what JSONata calls undefined. A `Sequence` is a list that a path
or a function made: one with a single item stands for that item, an empty one for nothing. Every
other list is a JSON array and stays one.
"""

import math
from typing import Any


class QueryFailed(Exception):
    """The expression failed; the message starts with JSONata's error code."""


class Missing:
    """The type of MISSING."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


class Sequence(list[Any]):
    """`keep` holds a single item in its array (`[]` was written); `outer` wraps an input array."""

    __slots__ = ("keep", "outer")

    def __init__(self, items: Any = ()) -> None:
        super().__init__(items)
        self.keep = False
        self.outer = False


class Constructed(list[Any]):
    """An array constructor that is a step of a path: it is not flattened into the next one."""

    __slots__ = ()


class Function:
    """What can be called; `arity` is the number of arguments that it takes from `$map` and such."""

    __slots__ = ("arity",)

    arity: int


_LETTERS: dict[type, str] = {
    str: "s",
    bool: "b",
    int: "n",
    float: "n",
    type(None): "l",
    list: "a",
    Sequence: "a",
    Constructed: "a",
    dict: "o",
    Missing: "m",
}


def letter(value: Any) -> str:
    """The letter of a value's type in a function's signature."""
    return _LETTERS.get(type(value), "f")


def is_number(value: Any) -> bool:
    """False for a boolean; an infinite number is an error, as JSONata has it."""
    kind = type(value)
    if kind is int:
        return True
    if kind is not float:
        return False
    if math.isinf(value):
        raise QueryFailed("D1001: number out of range")
    return not math.isnan(value)


def is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value)


def is_number_list(value: Any) -> bool:
    return isinstance(value, list) and all(is_number(item) for item in value)


def whole(number: float) -> int | float:
    """JSON knows one kind of number: 5.0 is 5."""
    if type(number) is int:
        return number
    if not math.isfinite(number):
        raise QueryFailed("D1001: number out of range")
    return int(number) if number == int(number) else number


def truth(value: Any) -> bool:
    """`$boolean`, with what is missing taken as false."""
    kind = type(value)
    if kind is bool:
        return bool(value)
    if isinstance(value, list):
        return any(truth(item) for item in value)
    if kind is str or kind is dict:
        return len(value) > 0
    return bool(is_number(value) and value != 0)


def equal(left: Any, right: Any) -> bool:
    """Deep equality; true is not 1, and the order of an object's keys says nothing."""
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    if type(left) is dict:
        return (
            type(right) is dict
            and left.keys() == right.keys()
            and all(equal(value, right[key]) for key, value in left.items())
        )
    return same(left, right)


def same(left: Any, right: Any) -> bool:
    """Equal without looking inside: what `in` asks. Arrays and objects equal only themselves."""
    if isinstance(left, list | dict):
        return left is right
    if (type(left) is bool) is not (type(right) is bool):
        return False
    return bool(left == right)


def settled(value: Any) -> Any:
    """A sequence of one item is that item, an empty one is missing."""
    if type(value) is Sequence:
        if not value:
            return MISSING
        if len(value) == 1 and not value.keep:
            return value[0]
    return value


def many(value: Any) -> list[Any]:
    """A list to walk over: an array as it is, anything else as the only item."""
    return value if isinstance(value, list) else Sequence((value,))


def appended(left: Any, right: Any) -> Any:
    """`$append`: one array of both; what is missing adds nothing."""
    if left is MISSING:
        return right
    if right is MISSING:
        return left
    first = left if isinstance(left, list) else [left]
    second = right if isinstance(right, list) else [right]
    return [*first, *second]


def plain(value: Any) -> Any:
    """The value as JSON: arrays as lists, no trace of sequences.

    QueryFailed for a function, which JSON cannot hold.
    """
    if isinstance(value, list):
        return [None if item is MISSING else plain(item) for item in value]
    if type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Function):
        raise QueryFailed("D3001: a function is not a value")
    return value
