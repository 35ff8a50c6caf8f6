"""Variables that an expression asks for, made by chance: well formed but for a fault or two.

The expression's own paths say what the variables look like: `$data.account.status` wants an object
in an object. The values at their ends come from the literals that it compares with, so that all of
its conditions are met sometimes.
"""

import json
from typing import Any

from hypothesis import strategies as st
from jsonata.parser import Parser

type Node = Any
type Chain = tuple[str, ...]
type Tree = dict[str, "Tree"]
type Names = dict[str, list[Chain]]

# A place that holds JSON text, which the expression parses.
PARSED = "$parse"
_PASSES_ITS_ARGUMENT_ON = {"map", "filter", "sift", "append", "merge", "sort", "distinct", "count"}


class Paths:
    """Collects the paths of an expression; `found` returns what a node may stand for."""

    def __init__(self) -> None:
        self.tree: Tree = {}
        self.literals: set[str | int] = set()
        self.simple: set[Chain] = set()

    def found(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        visit = getattr(self, f"_{node.type}", self._other)
        chains: list[Chain] = visit(node, names, context)
        for each in node.predicate or ():
            self.found(each.expr, names, chains)
        for chain in chains:
            self._note(chain)
        return chains

    def _note(self, chain: Chain) -> None:
        place = self.tree
        for name in chain:
            place = place.setdefault(name, {})

    def _binary(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        """Where the library compares otherwise, `in`, only strings are tried."""
        for part in (node.lhs, node.rhs):
            chains = self.found(part, names, context)
            self.simple.update(chains if node.value == "in" else ())
        return []

    def _other(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        """Nothing comes of it, but its parts are looked into."""
        for part in (node.lhs, node.rhs, node.expression, node.body):
            if part is not None:
                self.found(part, names, context)
        for part in [*(node.expressions or ()), *(node.arguments or ())]:
            self.found(part, names, context)
        for pair in node.lhs_object or ():
            for part in pair:
                self.found(part, names, context)
        return []

    def _string(self, node: Node, _names: Names, _context: list[Chain]) -> list[Chain]:
        self.literals.add(node.value)
        return []

    _number = _string

    def _variable(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        return names.get(node.value, [(node.value,)]) if node.value else context

    def _name(self, node: Node, _names: Names, context: list[Chain]) -> list[Chain]:
        return [(*chain, node.value) for chain in context]

    def _path(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        for step in node.steps:
            context = self.found(step, names, context)
            for stage in step.stages or ():
                self.found(stage.expr, names, context)
        return context

    def _bind(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        names[node.lhs.value] = self.found(node.rhs, names, context)
        return names[node.lhs.value]

    def _block(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        return [self.found(each, names, context) for each in node.expressions][-1]

    def _condition(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        self.found(node.condition, names, context)
        branches = [each for each in (node.then, node._else) if each is not None]
        return [chain for each in branches for chain in self.found(each, names, context)]

    def _lambda(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        inner = {**names, **{each.value: [] for each in node.arguments}}
        self.found(node.body, inner, context)
        return []

    def _function(self, node: Node, names: Names, context: list[Chain]) -> list[Chain]:
        given = [self.found(each, names, context) for each in node.arguments]
        first = given[0] if given else []
        match node.procedure.value:
            case "parse":
                return [(*chain, PARSED) for chain in first]
            case "lookup" if node.arguments[1].type == "string":
                return [(*chain, node.arguments[1].value) for chain in first]
            case "lookup":
                # The library takes null for a name that no object has.
                self.simple.update(given[1])
            case name if name in _PASSES_ITS_ARGUMENT_ON:
                return first
        return []


@st.composite
def variables(draw: st.DrawFn, text: str) -> dict[str, Any]:
    """Variables for this expression, with up to two faults."""
    paths = Paths()
    paths.found(Parser().parse(text), {}, [])
    place = st.sampled_from([_NOWHERE, *_places(paths.tree, ())])
    faulty, listed = set(draw(st.lists(place, max_size=2))), {draw(place)}
    known = sorted(paths.literals, key=str) or ["text"]

    def made(tree: Tree, at: Chain) -> Any:
        if at in paths.simple:
            return draw(st.sampled_from([*map(str, known), "other", _ABSENT]))
        if not tree or at in faulty:
            return draw(st.sampled_from(_values(known)))
        if PARSED in tree:
            parsed = made(tree[PARSED], (*at, PARSED))
            return "no JSON" if parsed is _ABSENT else json.dumps(parsed)
        item = filled(tree, at)
        return [item] * draw(st.integers(0, 2)) if at in listed else item

    def filled(tree: Tree, at: Chain) -> dict[str, Any]:
        items = {name: made(each, (*at, name)) for name, each in tree.items()}
        return {name: item for name, item in items.items() if item is not _ABSENT}

    return filled(paths.tree, ())


_NOWHERE: Chain = ()
_ABSENT = object()


def _places(tree: Tree, above: Chain) -> list[Chain]:
    inner = [(*above, name) for name in tree]
    return inner + [each for name in tree for each in _places(tree[name], (*above, name))]


def _values(known: list[Any]) -> list[Any]:
    """Absent, null, empty, of another type, or one of the literals."""
    plain = [*known, *known, "other", "", 0, 2, 7.5, True, False, None]
    return [*plain, [], {}, known[:2], [known[0]], {"key": known[0]}, [{"id": known[0]}], _ABSENT]
