"""From an expression's text to a Python function."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jsonata.parser import Parser

from tests.simulation.jsonata import calls, operators, paths, regex, shapes
from tests.simulation.jsonata.frames import Code, Frame, Root
from tests.simulation.jsonata.library import LIBRARY
from tests.simulation.jsonata.values import Sequence, settled

type Node = Any
type Compiled = Callable[[Any, Mapping[str, Any]], Any]


@cache
def compiled(text: str) -> Compiled:
    """The expression as a function of its input and its variables; it gives a value or MISSING.

    The variables may hold CLOCK, which `$now()` and `$millis()` ask once an evaluation.
    The result may share parts with the input: treat both as read-only, or copy with `plain`.

    Raises: NotImplementedError for what the compiler does not know, by name; jsonata's own
    exception for what is no JSONata. The function raises QueryFailed.
    """
    compiler = Compiler()
    code = compiler.code(Parser().parse(text))
    unknown = sorted(compiler.called - compiler.bound - LIBRARY.keys())
    if unknown:
        raise NotImplementedError(f"no function ${', $'.join(unknown)}: {text}")

    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        root = Root(value, variables)
        if isinstance(value, list):
            value = Sequence((value,))
            value.outer = True
        return code(value, root)

    return run


class Compiler:
    """Compiles node by node; remembers which names the expression binds and which it calls."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.called: set[str] = set()

    def code(self, node: Node) -> Code:
        """The node with everything that hangs on it: predicates, a grouping, `[]`."""
        build = _BUILDERS.get(node.type)
        if build is None:
            raise NotImplementedError(f"JSONata's {node.type} at {node.position}")
        if node.tuple or node.focus or node.index or node.ancestor:
            raise NotImplementedError(f"JSONata's tuple stream (@, # or %) at {node.position}")
        code: Code = build(self, node)
        for each in node.predicate or ():
            code = paths.filtered(code, self.predicate(each.expr))
        if node.group is not None and node.type != "path":
            code = shapes.grouped(code, self.pairs(node.group.lhs_object))
        if node.predicate or node.group is not None or node.keep_array:
            return _kept(code) if node.keep_array else _settled(code)
        return _settled(code) if node.type in _MAKES_SEQUENCES else code

    def predicate(self, node: Node) -> int | Code:
        """A position that is written as a number, else the code to run for each item."""
        return int(node.value // 1) if node.type == "number" else self.code(node)

    def pairs(self, nodes: list[Any]) -> list[tuple[Code, Code]]:
        return [(self.code(key), self.code(value)) for key, value in nodes]


def _settled(code: Code) -> Code:
    def run(value: Any, frame: Frame) -> Any:
        result = code(value, frame)
        return settled(result) if type(result) is Sequence else result

    return run


def _kept(code: Code) -> Code:
    def run(value: Any, frame: Frame) -> Any:
        result = code(value, frame)
        if type(result) is Sequence:
            result.keep = True
            return settled(result)
        return result

    return run


# The others hand on what is settled already, or settle it themselves.
_MAKES_SEQUENCES = {"name", "wildcard", "descendant", "function", "variable", "apply"}
_BUILDERS: dict[str, Callable[[Compiler, Node], Code]] = {
    "string": operators.literal_value,
    "number": operators.literal_value,
    "value": operators.literal_value,
    "variable": operators.variable,
    "binary": operators.binary,
    "unary": operators.unary,
    "condition": operators.condition,
    "block": operators.block,
    "bind": operators.bind,
    "path": paths.path,
    "name": paths.name,
    "wildcard": paths.wildcard,
    "descendant": paths.descendants,
    "function": calls.call,
    "lambda": calls.lambda_,
    "partial": calls.partial,
    "apply": calls.apply,
    "regex": regex.regex,
}
