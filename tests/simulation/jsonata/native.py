"""The functions that come with the language: how they are declared and called."""

import inspect
from collections.abc import Callable
from typing import Any

from tests.simulation.jsonata.frames import Root
from tests.simulation.jsonata.signature import Signature
from tests.simulation.jsonata.values import MISSING, Function, QueryFailed

LIBRARY: "dict[str, Native]" = {}


class Native(Function):
    """A function of the library; what it is given is checked against its signature."""

    __slots__ = ("_body", "_rooted", "_signature")

    def __init__(
        self, body: Callable[..., Any], signature: Signature, arity: int, rooted: bool
    ) -> None:
        self.arity = arity
        self._body = body
        self._signature = signature
        self._rooted = rooted

    def call(self, arguments: list[Any], context: Any, root: Root) -> Any:
        return self.run(self._signature.checked(arguments, context), root)

    def run(self, arguments: list[Any], root: Root) -> Any:
        """Call it without a check, as JSONata does for a partial application."""
        return self._body(root, *arguments) if self._rooted else self._body(*arguments)


def native(
    name: str, signature: str, *, arity: int | None = None, rooted: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function. `rooted`: its first parameter is the outermost scope, which has the time.

    `arity` is given where JSONata's own function has optional parameters that it does not count.
    """

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        parameters = len(inspect.signature(body).parameters)
        count = parameters - rooted if arity is None else arity
        LIBRARY[name] = Native(body, Signature(name, signature), count, rooted)
        return body

    return declare


class Partial(Function):
    """A function with some of its arguments filled in."""

    __slots__ = ("_arguments", "_function")

    def __init__(self, function: Any, arguments: list[Any], open_places: int) -> None:
        self.arity = open_places
        self._function = function
        self._arguments = arguments

    def call(self, arguments: list[Any], context: Any, root: Root) -> Any:
        given = iter(arguments)
        filled = [next(given, MISSING) if each is OPEN else each for each in self._arguments]
        if isinstance(self._function, Native):
            return self._function.run(filled, root)
        return called(self._function, filled, context, root)


OPEN = object()


def called(function: Any, arguments: list[Any], context: Any, root: Root) -> Any:
    """Call a value; QueryFailed if it is no function."""
    call = getattr(function, "call", None)
    if call is None:
        raise QueryFailed("T1006: attempted to invoke what is no function")
    return call(arguments, context, root)


def called_for(function: Any, root: Root, *arguments: Any) -> Any:
    """Call a function for an item, as `$map` does: it gets as many arguments as it has room for."""
    return called(function, list(arguments[: max(1, function.arity)]), None, root)
