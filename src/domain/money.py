"""Money: a whole number of minor units and its currency. Never a float, never a bare number."""

import re

from msgspec import Struct

from domain.currency import exponent_of, numeric_of

_DECIMAL = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,5}))?", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were combined."""


class Money(Struct, frozen=True):
    """An amount in minor units (cents, fils, yen) of an alpha-3 currency; negative is allowed."""

    amount: int
    currency: str

    @property
    def exponent(self) -> int:
        """Decimal places between minor and major units. Raises UnknownCurrency."""
        return exponent_of(self.currency)

    @property
    def numeric(self) -> str:
        """The currency as its three-digit ISO 4217 code. Raises UnknownCurrency."""
        return numeric_of(self.currency)

    def to_decimal_string(self) -> str:
        """Major units with the currency's own decimals: 12345 KWD -> "12.345", 500 JPY -> "500"."""
        places = self.exponent
        digits = str(abs(self.amount)).zfill(places + 1)
        sign = "-" if self.amount < 0 else ""
        if places == 0:
            return sign + digits
        return f"{sign}{digits[:-places]}.{digits[-places:]}"

    @classmethod
    def from_decimal_string(cls, text: str, currency: str) -> "Money":
        """Read major units. Raises ValueError when the text has more decimals than the currency."""
        found = _DECIMAL.fullmatch(text)
        if found is None:
            raise ValueError("an amount is digits with an optional decimal point")
        sign, whole, fraction = found[1], found[2], found[3] or ""
        places = exponent_of(currency)
        if len(fraction.rstrip("0")) > places:
            raise ValueError(f"{currency} has {places} decimals")
        minor = int(whole + fraction[:places].ljust(places, "0"))
        return cls(-minor if sign else minor, currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")
