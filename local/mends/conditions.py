"""The text of a condition, and of a number, is read once.

The engine cuts a condition into tokens and checks its grammar at each write, and for each item of
a transaction twice. Both follow from the text alone; the values are looked at as before.
"""

import functools
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb as engine

from .expecting import expect

# The conditions of a few dozen calls, and the numbers that come again.
KEPT = 4096


def mend() -> None:
    """Remember what follows from a text alone."""
    expect(
        {
            engine._tokenize: "6abb13395c3e",
            engine._condition_syntax_error: "5213f1ffac34",
            engine._evaluate_condition: "94561811e28c",
            engine._number_error: "ef4bc256910b",
            engine._ddb_canonicalize_number: "cfa3862c4b51",
        }
    )
    tokens = by_text(engine._tokenize)
    engine._tokenize = lambda text: list(tokens(text))
    engine._condition_syntax_error = by_text(engine._condition_syntax_error)
    engine._number_error = by_text(engine._number_error)
    engine._ddb_canonicalize_number = by_text(engine._ddb_canonicalize_number)


def by_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """Remember the results for texts; what is no text goes the engine's way each time."""
    remembered = functools.lru_cache(maxsize=KEPT)(function)

    def ask(*given: Any) -> Any:
        texts = all(type(one) is str for one in given)
        return remembered(*given) if texts else function(*given)

    return ask
