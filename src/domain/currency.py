"""ISO 4217 currencies: alpha code, numeric code, decimal places of the minor unit."""

from domain.currency_table import CURRENCIES

_ALPHA_BY_NUMERIC = {numeric: alpha for alpha, (numeric, _) in CURRENCIES.items()}


class UnknownCurrency(ValueError):
    """No ISO 4217 currency with a minor unit has this code."""


def exponent_of(alpha: str) -> int:
    """Decimal places of the minor unit: EUR 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    return _entry(alpha)[1]


def numeric_of(alpha: str) -> str:
    """The three-digit code of an alpha code: EUR -> 978. Raises UnknownCurrency."""
    return _entry(alpha)[0]


def alpha_of(numeric: str) -> str:
    """The alpha code of a three-digit code: 978 -> EUR. Raises UnknownCurrency."""
    try:
        return _ALPHA_BY_NUMERIC[numeric]
    except KeyError:
        raise UnknownCurrency(f"no currency has the numeric code {numeric[:3]!r}") from None


def is_numeric_code(numeric: str) -> bool:
    return numeric in _ALPHA_BY_NUMERIC


def _entry(alpha: str) -> tuple[str, int]:
    try:
        return CURRENCIES[alpha]
    except KeyError:
        raise UnknownCurrency(f"no currency has the code {alpha[:3]!r}") from None
