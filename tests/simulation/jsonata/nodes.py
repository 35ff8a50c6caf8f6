"""What the parts of the compiler know of each other and of the parser's syntax tree."""

from typing import Any, Protocol

from tests.simulation.jsonata.frames import Code
from tests.simulation.jsonata.values import MISSING

# A node of jsonata-python's parser; the library has no types.
type Node = Any

_LITERALS = ("string", "number", "value")


class Builder(Protocol):
    """The compiler as a builder of one kind of node sees it."""

    bound: set[str]
    called: set[str]

    def code(self, node: Node) -> Code: ...

    def predicate(self, node: Node) -> int | Code: ...

    def pairs(self, nodes: list[Any]) -> list[tuple[Code, Code]]: ...


def constant(node: Node) -> Any:
    """The value of a node that is the same in every evaluation, else MISSING."""
    if node.predicate or node.group is not None or node.keep_array:
        return MISSING
    if node.type in _LITERALS:
        return literal(node)
    if node.type == "unary" and node.value == "[" and not node.consarray:
        return _constant_array(node)
    return MISSING


def literal(node: Node) -> Any:
    """The parser has an object of its own for null."""
    return node.value if isinstance(node.value, str | bool | int | float) else None


def _constant_array(node: Node) -> Any:
    items = [constant(each) for each in node.expressions]
    if any(item is MISSING or isinstance(item, list) for item in items):
        return MISSING
    return items
