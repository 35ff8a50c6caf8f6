"""A JSONata expression is parsed once, and evaluated without asking at each node who watches.

The engine parses an expression at each evaluation, in each thread with a parser of its own, and
looks up through all frames for the watchers that end a run after its time. Evaluating leaves a
parsed expression as it is; what changes with each use (bindings, time, limit) lies in the object
around it, which is made anew for each use as before.
"""

import functools
import time
from typing import Any

from jsonata import Jsonata, jexception
from jsonata.regex_engine import default_regex_engine
from jsonata.timebox import Timebox
from ministack.services import stepfunctions as engine

from .expecting import expect

# A state machine has some dozens of expressions.
KEPT = 4096
TOO_LONG = "D1012"

# An empty place of the watchers, in each frame, so that nobody looks for them further up.
UNWATCHED = {"__evaluate_entry": None, "__evaluate_exit": None}

_eval = Jsonata._eval
_register = engine._register_sfn_jsonata_functions


class Ready(Jsonata):  # type: ignore[misc]
    """A parsed expression for one evaluation, in the thread that asked for it."""

    input: Any

    def __init__(self, parsed: Jsonata, timeout: int | None) -> None:
        self.__dict__.update(parsed.__dict__)
        self.timeout = timeout
        self._end = time.monotonic() + timeout / 1000 if timeout else float("inf")
        self.environment = self.create_frame(_functions())
        Jsonata.CURRENT.jsonata = self

    def eval(self, expr: Any, given: Any, environment: Any) -> Any:
        """One node; what `$eval` reads of the node around it is put back afterwards."""
        given_around, frame_around = self.input, self.environment
        if time.monotonic() > self._end:
            raise jexception.JException(TOO_LONG, -1, self.timeout)
        try:
            return _eval(self, expr, given, environment)
        finally:
            self.input, self.environment = given_around, frame_around

    def create_frame(self, enclosing_environment: Any = None) -> Any:
        """A frame without watchers."""
        frame = Jsonata.Frame(enclosing_environment)
        frame.bindings.update(UNWATCHED)
        return frame


def mend() -> None:
    """Let the workflows' expressions be made ready in this way."""
    expect(
        {
            Jsonata.jsonata: "c3a056c38fc2",
            Jsonata.__init__: "e0335a0e69b5",
            Jsonata.evaluate: "3b1a9c5958dd",
            Jsonata.eval: "8519a2375815",
            Jsonata._eval: "35c08e89e58d",
            Jsonata.create_frame: "f25c5bb58e91",
            Jsonata.Frame: "c4bec8e34d60",
            Timebox: "0fe9d12d4cd6",
            engine._register_sfn_jsonata_functions: "907f3ecf2da3",
        }
    )
    Jsonata.jsonata = staticmethod(ready)
    engine._register_sfn_jsonata_functions = register


def ready(
    expression: str,
    regex_engine: Any = default_regex_engine,
    timeout: int | None = None,
    stack: int | None = None,
) -> Any:
    """An expression for one evaluation; one with a limit of depth is made in the engine's way."""
    if stack is not None:
        return Jsonata(expression, regex_engine, timeout, stack)
    return Ready(_parsed(expression, regex_engine), timeout)


def register(expression: Any) -> None:
    """Step Functions' own functions stand in a frame that all ready expressions share."""
    if not isinstance(expression, Ready):
        _register(expression)


@functools.lru_cache(maxsize=KEPT)
def _parsed(expression: str, regex_engine: Any) -> Any:
    """A text that cannot be parsed raises, and is not kept."""
    return Jsonata(expression, regex_engine)


@functools.cache
def _functions() -> Any:
    holder = Jsonata("0")
    _register(holder)
    return holder.environment
