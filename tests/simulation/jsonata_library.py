"""jsonata-python as the judge of our own evaluation, and where it is not followed.

The library calls missing None, and null by an object of its own; here both are as we have them.
Its other habits, all different from JSONata 2.0.6, which Step Functions has, and from ours:
`true in [1]` holds, `in` compares objects by content, `$count(null)` is 0, `$lookup(x, null)` is
missing, and `$string` writes other letters than ASCII as escapes and long numbers as powers.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata
from jsonata.utils import Utils

from tests.simulation.jsonata import MISSING, QueryFailed, compiled, plain

FAILED = "the evaluation failed"


def judged(text: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """What the library makes of it: a value, MISSING or FAILED."""
    try:
        found = _ours(_expression(text).evaluate(value, _theirs(variables)))
        json.dumps(None if found is MISSING else found)
    except Exception:
        # The library also fails with whatever Python raises on the way.
        return FAILED
    return found


@cache
def _expression(text: str) -> Any:
    expression = Jsonata(text)
    expression.set_output_convert_nulls(False)
    expression.register_lambda("parse", _parse)
    return expression


def evaluated(text: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """What we make of it: a value, MISSING or FAILED."""
    try:
        return plain(compiled(text)(value, variables))
    except QueryFailed:
        return FAILED


def _theirs(variables: Mapping[str, Any]) -> dict[str, Any]:
    """A variable that is null, not undefined."""
    return {name: Utils.NULL_VALUE if each is None else each for name, each in variables.items()}


def _parse(text: Any = None) -> Any:
    return None if text is None else json.loads(text)


def _ours(value: Any) -> Any:
    return MISSING if value is None else _with_nulls(value)


def _with_nulls(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, list):
        return [_with_nulls(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_nulls(each) for key, each in value.items()}
    return value
