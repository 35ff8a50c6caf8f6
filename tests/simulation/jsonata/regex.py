"""Regular expressions, which JSONata takes for functions."""

import re
from typing import Any

from tests.simulation.jsonata.frames import Code
from tests.simulation.jsonata.nodes import Builder, Node
from tests.simulation.jsonata.values import Function


class Regex(Function):
    """A pattern; only `$match`, `$contains`, `$replace` and `$split` know what to do with it."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.arity = 1
        self.pattern = pattern


def regex(_builder: Builder, node: Node) -> Code:
    pattern: Any = Regex(node.value)
    return lambda _value, _frame: pattern
