"""Minor units as a person reads them."""

from domain.currency import UnknownCurrency
from domain.money import Money


def amount(minor: int, currency: str) -> str:
    """-123456 EUR -> "-1,234.56"; an unknown currency is shown in minor units, and says so."""
    try:
        text = Money(minor, currency).to_decimal_string()
    except UnknownCurrency:
        return f"{minor:,} minor units"
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"


def money(minor: int, currency: str) -> str:
    return f"{amount(minor, currency)} {currency}"


def moneys(minors: dict[str, int]) -> str:
    """Several currencies in one cell."""
    return ", ".join(money(minors[currency], currency) for currency in sorted(minors))
