"""Card numbers: the one wrapper that may hold one, and finding them where they must not be."""

import re
from collections.abc import Iterator

_SHORTEST, _LONGEST = 13, 19
# Issuer ranges of ISO 7812 that card networks use. Without them every tenth timestamp or counter
# (both begin with 1 or 20) would pass for a card number.
_ISSUER = re.compile(r"[3-6]|[89]|2(?:20[0-4]|22[1-9]|2[3-9]|[3-6]|7[01]|720)", re.ASCII)
# Digits in one run, or in the groups that are printed on cards: 4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4.
_RUN = re.compile(
    r"(?<!\d)(?:\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{3})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,})(?!\d)",
    re.ASCII,
)


class CardNumber:
    """A card number on its way to the vault. Printing it shows the last four digits only."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    @property
    def last4(self) -> str:
        return self._digits[-4:]

    def reveal(self) -> str:
        """The whole number, for the tokeniser and for nobody else."""
        return self._digits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CardNumber) and other._digits == self._digits

    def __hash__(self) -> int:
        return hash(self._digits)

    def __repr__(self) -> str:
        return f"CardNumber(****{self.last4})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a card number is never serialised")


def luhn_valid(digits: str) -> bool:
    """The check digit of ISO 7812 holds. Anything but ASCII digits is False."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def is_card_number(digits: str) -> bool:
    """13 to 19 digits of a card network's range with a valid check digit."""
    return (
        _SHORTEST <= len(digits) <= _LONGEST
        and _ISSUER.match(digits) is not None
        and luhn_valid(digits)
    )


def contains_card_number(text: str) -> bool:
    """True when a run of digits, also one in printed groups, is a card number."""
    return any(is_card_number(_digits_of(run[0])) for run in _RUN.finditer(text))


def mask(text: str) -> str:
    """The text with every digit run that is or hides a card number cut to its last four digits."""
    return _RUN.sub(lambda run: _masked(run[0]), text)


def _masked(run: str) -> str:
    digits = _digits_of(run)
    if len(digits) > _LONGEST:
        # A raw message is one long run: the card number inside it has no borders of its own.
        return "*" * len(digits) if any(map(is_card_number, _windows(digits))) else run
    return "*" * (len(digits) - 4) + digits[-4:] if is_card_number(digits) else run


def _digits_of(run: str) -> str:
    return run.replace(" ", "").replace("-", "")


def _windows(digits: str) -> Iterator[str]:
    for start in range(len(digits) - _SHORTEST + 1):
        for length in range(_SHORTEST, min(_LONGEST, len(digits) - start) + 1):
            yield digits[start : start + length]
