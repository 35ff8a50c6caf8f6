"""Numbers. Every number is a JSON number: 5.0 is 5."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from jsonata.functions import Functions

from tests.simulation.jsonata.native import native
from tests.simulation.jsonata.values import MISSING, QueryFailed, whole

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@native("number", "<(nsb)-:n>")
def number(value: Any) -> Any:
    if value is MISSING:
        return MISSING
    if type(value) is not str:
        return int(value) if type(value) is bool else value
    if _DECIMAL.fullmatch(value):
        return whole(float(value)) if re.search(r"[.eE]", value) else int(value)
    if _OTHER_BASE.fullmatch(value):
        return int(value, 0)
    raise QueryFailed("D3030: unable to cast the value to a number")


def _each(name: str, body: Callable[[Any], float]) -> None:
    native(name, "<n-:n>")(lambda value: MISSING if value is MISSING else whole(body(value)))


_each("floor", math.floor)
_each("ceil", math.ceil)
_each("abs", abs)


@native("sqrt", "<n-:n>")
def square_root(value: Any) -> Any:
    if value is MISSING:
        return MISSING
    if value < 0:
        raise QueryFailed("D3060: a negative number has no square root")
    return whole(math.sqrt(value))


@native("power", "<n-n:n>")
def power(base: Any, exponent: Any) -> Any:
    if base is MISSING or exponent is MISSING:
        return MISSING
    try:
        return whole(math.pow(base, exponent))
    except (ArithmeticError, ValueError):
        raise QueryFailed("D3061: the power is no number") from None


@native("round", "<n-n?:n>")
def rounded(value: Any, places: Any) -> Any:
    """Halves go to the even neighbour, and the decimal digits count, not the binary ones."""
    if value is MISSING:
        return MISSING
    unit = Decimal(1).scaleb(0 if places is MISSING else -int(places))
    return whole(float((Decimal(repr(value)) / unit).quantize(1, ROUND_HALF_EVEN) * unit))


def _of_all(name: str, body: Callable[[list[Any]], float]) -> None:
    def run(numbers: Any) -> Any:
        return MISSING if numbers is MISSING or not numbers else whole(body(numbers))

    native(name, "<a<n>:n>")(run)


_of_all("max", max)
_of_all("min", min)
_of_all("average", lambda numbers: sum(numbers) / len(numbers))


@native("sum", "<a<n>:n>")
def total(numbers: Any) -> Any:
    return MISSING if numbers is MISSING else whole(sum(numbers))


@native("formatBase", "<n-n?:s>")
def format_base(value: Any, radix: Any) -> Any:
    if value is MISSING:
        return MISSING
    base = 10 if radix is MISSING else int(rounded(radix, MISSING))
    if not 2 <= base <= 36:
        raise QueryFailed("D3100: a base is from 2 to 36")
    left, digits = abs(int(rounded(value, MISSING))), ""
    while left or not digits:
        left, digit = divmod(left, base)
        digits = _DIGITS[digit] + digits
    return f"-{digits}" if value < 0 and digits != "0" else digits


def _theirs(name: str, signature: str, body: Callable[..., Any]) -> None:
    """Pictures of numbers are long to read; the parser's library reads them."""

    def run(*arguments: Any) -> Any:
        try:
            return body(*(None if each is MISSING else each for each in arguments))
        except (RuntimeError, ValueError, ArithmeticError) as failure:
            raise QueryFailed(str(failure)) from None

    def checked(value: Any, picture: Any, options: Any = MISSING) -> Any:
        if value is MISSING or picture is MISSING:
            return MISSING
        return run(value, picture, options) if name == "formatNumber" else run(value, picture)

    native(name, signature, arity=2)(checked)


_theirs("formatNumber", "<n-so?:s>", Functions.format_number)
_theirs("formatInteger", "<n-s:s>", Functions.format_integer)
_theirs("parseInteger", "<s-s:n>", Functions.parse_integer)
