"""Values as text, as `$string` and `&` write them: JSON, with numbers as JavaScript has them."""

import json
import math
from decimal import Decimal
from typing import Any

import msgspec

from tests.simulation.jsonata.values import MISSING, Function, QueryFailed, Sequence

_DIGITS = 15
_WHOLE_BELOW = 10**_DIGITS
_PLAIN_BELOW = 1e21
_PLAIN_FROM = 1e-6
_encode = msgspec.json.Encoder().encode


def text_of(value: Any, *, pretty: bool = False) -> str:
    """A string as it is, a function as nothing, everything else as JSON."""
    if type(value) is str:
        return value
    if isinstance(value, Function):
        return ""
    if type(value) is Sequence and value.outer:
        value = value[0]
    if pretty:
        return _indented(value, "\n")
    return _encode(value).decode() if _is_exact(value) else _compact(value)


def _is_exact(value: Any) -> bool:
    """Whether every number is one that any encoder writes alike: a short whole one."""
    left = [value]
    for each in left:
        kind = type(each)
        if kind is str:
            continue
        if kind is dict:
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
        elif not (each is None or kind is bool or (kind is int and abs(each) < _WHOLE_BELOW)):
            return False
    return True


def _compact(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    if type(value) is dict:
        return f"{{{','.join(f'{_quoted(key)}:{_compact(each)}' for key, each in value.items())}}}"
    return _scalar(value)


def _indented(value: Any, line: str) -> str:
    inner = f"{line}  "
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join(_indented(each, inner) for each in value)}{line}]"
    if type(value) is dict and value:
        pairs = (f"{_quoted(key)}: {_indented(each, inner)}" for key, each in value.items())
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    return _compact(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _scalar(value: Any) -> str:
    if type(value) is str:
        return _quoted(value)
    if value is None or value is MISSING:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    return number_text(value) if type(value) in (int, float) else '""'


def number_text(number: float) -> str:
    """At most 15 digits count, as in JavaScript's own rounding of what it prints."""
    if not math.isfinite(number):
        raise QueryFailed("D3001: number out of range")
    digits, _, power = f"{number:.{_DIGITS - 1}e}".partition("e")
    rounded = float(f"{digits}e{power}")
    if rounded == 0:
        return "0"
    if abs(rounded) < _PLAIN_FROM or abs(rounded) >= _PLAIN_BELOW:
        return f"{digits.rstrip('0').rstrip('.')}e{int(power):+d}"
    written = f"{Decimal(f'{digits}e{power}'):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
