"""Booleans, types and errors."""

from typing import Any

from tests.simulation.jsonata.native import native
from tests.simulation.jsonata.values import MISSING, QueryFailed, letter, truth

_TYPES = {
    "s": "string",
    "n": "number",
    "b": "boolean",
    "l": "null",
    "a": "array",
    "o": "object",
    "f": "function",
}


@native("boolean", "<x-:b>")
def boolean(value: Any) -> Any:
    return MISSING if value is MISSING else truth(value)


@native("not", "<x-:b>")
def negation(value: Any) -> Any:
    """What is missing stays missing: `$not($boolean(missing))` is not true."""
    return MISSING if value is MISSING else not truth(value)


@native("exists", "<x:b>")
def exists(value: Any) -> bool:
    return value is not MISSING


@native("type", "<x:s>")
def type_of(value: Any) -> Any:
    return _TYPES.get(letter(value), MISSING)


@native("error", "<s?:x>")
def error(message: Any) -> Any:
    raise QueryFailed(message or "$error() function evaluated")


@native("assert", "<bs?:x>")
def assertion(holds: Any, message: Any) -> Any:
    if holds is MISSING or not holds:
        raise QueryFailed(message or "$assert() statement failed")
    return MISSING
