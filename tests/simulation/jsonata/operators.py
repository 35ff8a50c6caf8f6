"""Literals, variables, operators, conditions and blocks."""

import math
from collections.abc import Callable
from typing import Any

from tests.simulation.jsonata import shapes
from tests.simulation.jsonata.frames import Code, Frame
from tests.simulation.jsonata.library import LIBRARY
from tests.simulation.jsonata.nodes import Builder, Node, constant, literal
from tests.simulation.jsonata.text import text_of
from tests.simulation.jsonata.values import (
    MISSING,
    QueryFailed,
    Sequence,
    equal,
    is_number,
    many,
    same,
    settled,
    truth,
    whole,
)

_RANGE_MAX = 10_000_000


def literal_value(_builder: Builder, node: Node) -> Code:
    value = literal(node)
    return lambda _value, _frame: value


def variable(_builder: Builder, node: Node) -> Code:
    name = str(node.value)
    if name == "":
        return _context
    known = LIBRARY.get(name, MISSING)

    def run(_value: Any, frame: Frame) -> Any:
        found = frame.lookup(name)
        return known if found is MISSING else found

    return run


def _context(value: Any, _frame: Frame) -> Any:
    return value[0] if type(value) is Sequence and value.outer else value


def binary(builder: Builder, node: Node) -> Code:
    left, right = builder.code(node.lhs), builder.code(node.rhs)
    match node.value:
        case "and":
            return lambda value, frame: truth(left(value, frame)) and truth(right(value, frame))
        case "or":
            return lambda value, frame: truth(left(value, frame)) or truth(right(value, frame))
        case "in":
            return _membership(left, right, constant(node.rhs))
    operate = _OPERATORS.get(node.value)
    if operate is None:
        raise NotImplementedError(f"JSONata's operator {node.value} at {node.position}")
    return lambda value, frame: operate(left(value, frame), right(value, frame))


def _membership(left: Code, right: Code, listed: Any) -> Code:
    """Among constants of one type a look-up is enough; anything else is compared one by one."""
    if isinstance(listed, list) and all(type(each) is str for each in listed):
        names = frozenset(listed)

        def run(value: Any, frame: Frame) -> Any:
            item = left(value, frame)
            return type(item) is str and item in names

        return run
    return lambda value, frame: _includes(left(value, frame), right(value, frame))


def _includes(item: Any, items: Any) -> bool:
    if item is MISSING or items is MISSING:
        return False
    return any(same(each, item) for each in many(items))


def _equals(left: Any, right: Any) -> bool:
    return left is not MISSING and right is not MISSING and equal(left, right)


def _differs(left: Any, right: Any) -> bool:
    """False when a side is missing: nothing is known of it."""
    return left is not MISSING and right is not MISSING and not equal(left, right)


def _joined(left: Any, right: Any) -> str:
    first = "" if left is MISSING else text_of(left)
    return first + ("" if right is MISSING else text_of(right))


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def operate(left: Any, right: Any) -> Any:
        for side in (left, right):
            if not (side is MISSING or type(side) is str or type(side) in (int, float)):
                raise QueryFailed("T2010: only numbers and strings are compared")
        if left is MISSING or right is MISSING:
            return MISSING
        if (type(left) is str) is not (type(right) is str):
            raise QueryFailed("T2009: a number and a string are not compared")
        return compare(left, right)

    return operate


def _calculated(calculate: Callable[[Any, Any], float]) -> Callable[[Any, Any], Any]:
    def operate(left: Any, right: Any) -> Any:
        for side, code in ((left, "T2001"), (right, "T2002")):
            if side is not MISSING and not is_number(side):
                raise QueryFailed(f"{code}: an operand is not a number")
        if left is MISSING or right is MISSING:
            return MISSING
        try:
            return whole(calculate(left, right))
        except ArithmeticError:
            raise QueryFailed("D1001: number out of range") from None

    return operate


def _range(left: Any, right: Any) -> Any:
    for side, code in ((left, "T2003"), (right, "T2004")):
        if side is not MISSING and not (is_number(side) and side == int(side)):
            raise QueryFailed(f"{code}: a range goes from one whole number to another")
    if left is MISSING or right is MISSING or left > right:
        return MISSING
    if right - left >= _RANGE_MAX:
        raise QueryFailed("D2014: the range is too long")
    return settled(Sequence(range(int(left), int(right) + 1)))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": _equals,
    "!=": _differs,
    "&": _joined,
    "..": _range,
    "<": _compared(lambda left, right: bool(left < right)),
    "<=": _compared(lambda left, right: bool(left <= right)),
    ">": _compared(lambda left, right: bool(left > right)),
    ">=": _compared(lambda left, right: bool(left >= right)),
    "+": _calculated(lambda left, right: left + right),
    "-": _calculated(lambda left, right: left - right),
    "*": _calculated(lambda left, right: left * right),
    "/": _calculated(lambda left, right: left / right),
    "%": _calculated(math.fmod),
}


def unary(builder: Builder, node: Node) -> Code:
    match node.value:
        case "-":
            return _negated(builder.code(node.expression))
        case "[":
            return shapes.array(builder, node)
        case "{":
            return shapes.object_(builder, node)
        case _:
            raise NotImplementedError(f"JSONata's prefix {node.value} at {node.position}")


def _negated(code: Code) -> Code:
    def run(value: Any, frame: Frame) -> Any:
        number = code(value, frame)
        if number is MISSING:
            return MISSING
        if not is_number(number):
            raise QueryFailed("D1002: what is no number cannot be negated")
        return -number

    return run


def condition(builder: Builder, node: Node) -> Code:
    asked, then = builder.code(node.condition), builder.code(node.then)
    otherwise = _nothing if node._else is None else builder.code(node._else)

    def run(value: Any, frame: Frame) -> Any:
        return then(value, frame) if truth(asked(value, frame)) else otherwise(value, frame)

    return run


def _nothing(_value: Any, _frame: Frame) -> Any:
    return MISSING


def block(builder: Builder, node: Node) -> Code:
    steps = [builder.code(each) for each in node.expressions]

    def run(value: Any, frame: Frame) -> Any:
        inner = Frame(frame)
        result: Any = MISSING
        for step in steps:
            result = step(value, inner)
        return result

    return run


def bind(builder: Builder, node: Node) -> Code:
    name, code = str(node.lhs.value), builder.code(node.rhs)
    builder.bound.add(name)

    def run(value: Any, frame: Frame) -> Any:
        result = frame.names[name] = code(value, frame)
        return result

    return run
