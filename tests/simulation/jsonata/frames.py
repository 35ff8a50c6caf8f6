"""Names and what they stand for, while an expression runs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.simulation.jsonata.values import MISSING, Function, QueryFailed

# The name under which the variables of an evaluation hold its clock, a function that gives the
# time. No JSONata variable can have it.
CLOCK = "now()"

type Code = Callable[[Any, "Frame"], Any]


class Frame:
    """A scope: the variables of a block or of a call, inside those of `parent`."""

    __slots__ = ("names", "parent", "root")

    def __init__(self, parent: "Frame | None", names: dict[str, Any] | None = None) -> None:
        self.names: dict[str, Any] = {} if names is None else names
        self.parent = parent
        self.root: Root = parent.root if parent is not None else self  # type: ignore[assignment]

    def lookup(self, name: str) -> Any:
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        return MISSING


class Root(Frame):
    """The outermost scope: the input under `$$`, and one time for the whole evaluation."""

    __slots__ = ("_clock", "_time")

    def __init__(self, value: Any, variables: Mapping[str, Any]) -> None:
        super().__init__(None, {**variables, "$": value})
        self._clock: Callable[[], datetime] | None = self.names.pop(CLOCK, None)
        self._time: datetime | None = None

    def time(self) -> datetime:
        if self._time is None:
            if self._clock is None:
                raise QueryFailed("this evaluation was given no clock")
            self._time = self._clock()
        return self._time


class Lambda(Function):
    """A function written in the expression; it remembers where it was written."""

    __slots__ = ("_body", "_frame", "_input", "_parameters")

    def __init__(self, parameters: tuple[str, ...], body: Code, value: Any, frame: Frame) -> None:
        self.arity = len(parameters)
        self._parameters = parameters
        self._body = body
        self._input = value
        self._frame = frame

    def call(self, arguments: list[Any], _context: Any, _root: Root) -> Any:
        names = dict.fromkeys(self._parameters, MISSING)
        names.update(zip(self._parameters, arguments, strict=False))
        try:
            return self._body(self._input, Frame(self._frame, names))
        except RecursionError:
            raise QueryFailed("U1001: the function calls itself too deeply") from None
