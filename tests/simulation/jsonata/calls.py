"""Calls, lambdas, partial applications and `~>`."""

from typing import Any

from tests.simulation.jsonata.frames import Code, Frame, Lambda
from tests.simulation.jsonata.native import OPEN, Partial, called
from tests.simulation.jsonata.nodes import Builder, Node
from tests.simulation.jsonata.values import MISSING, Function, QueryFailed


def call(builder: Builder, node: Node) -> Code:
    function = _function(builder, node)
    arguments = [builder.code(each) for each in node.arguments]

    def run(value: Any, frame: Frame) -> Any:
        given = [code(value, frame) for code in arguments]
        return called(function(value, frame), given, value, frame.root)

    return run


def _function(builder: Builder, node: Node) -> Code:
    """What is called; a name that nobody binds is found out when the expression is compiled."""
    if node.procedure.type == "variable":
        builder.called.add(str(node.procedure.value))
    return builder.code(node.procedure)


def lambda_(builder: Builder, node: Node) -> Code:
    """A function, or the call in its last place.

    The parser wraps such a call, so that it is made after the function has returned. For us that
    has one effect: a sequence that comes out of it is handed on as it is, even with one item.
    """
    if node.thunk:
        return _last_call(builder, node.body)
    if node.signature is not None:
        raise NotImplementedError(f"JSONata's signature of a lambda at {node.position}")
    parameters = tuple(str(each.value) for each in node.arguments)
    builder.bound.update(parameters)
    body = builder.code(node.body)
    return lambda value, frame: Lambda(parameters, body, value, frame)


def _last_call(builder: Builder, node: Node) -> Code:
    if node.group is not None:
        raise NotImplementedError(f"JSONata's grouping of a last call at {node.position}")
    return call(builder, node)


def partial(builder: Builder, node: Node) -> Code:
    function = _function(builder, node)
    arguments = [_argument(builder, each) for each in node.arguments]
    open_places = arguments.count(None)

    def run(value: Any, frame: Frame) -> Any:
        target = function(value, frame)
        if not isinstance(target, Function):
            raise QueryFailed("T1008: attempted to apply what is no function")
        filled = [OPEN if code is None else code(value, frame) for code in arguments]
        return Partial(target, filled, open_places)

    return run


def _argument(builder: Builder, node: Node) -> Code | None:
    return None if node.type == "operator" and node.value == "?" else builder.code(node)


def apply(builder: Builder, node: Node) -> Code:
    """`left ~> right`: `left` is the first argument, or the function that is run first."""
    left = builder.code(node.lhs)
    if node.rhs.type == "function":
        return _piped_call(builder, node, left)
    right = builder.code(node.rhs)

    def run(value: Any, frame: Frame) -> Any:
        first, function = left(value, frame), right(value, frame)
        if not isinstance(function, Function):
            raise QueryFailed("T2006: the right side of ~> is no function")
        if isinstance(first, Function):
            return Chain(first, function)
        return called(function, [first], None, frame.root)

    return run


def _piped_call(builder: Builder, node: Node, left: Code) -> Code:
    function = _function(builder, node.rhs)
    arguments = [left, *(builder.code(each) for each in node.rhs.arguments)]

    def run(value: Any, frame: Frame) -> Any:
        given = [code(value, frame) for code in arguments]
        return called(function(value, frame), given, value, frame.root)

    return run


class Chain(Function):
    """Two functions, one after the other."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Function, second: Function) -> None:
        self.arity = 1
        self._first = first
        self._second = second

    def call(self, arguments: list[Any], _context: Any, root: Any) -> Any:
        between = called(self._first, arguments[:1] or [MISSING], None, root)
        return called(self._second, [between], None, root)
