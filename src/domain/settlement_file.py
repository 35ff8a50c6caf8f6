"""A card scheme's settlement file: its lines, and what it says that they come to.

Amounts are whole minor units and never negative; the direction is the cardholder's, so a DEBIT is
what we owe the scheme and a CREDIT what the scheme owes us.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from domain.conversion import FxRate, convert
from domain.currency import UnknownCurrency, exponent_of
from domain.errors import Refused
from domain.money import Money

_ID = r"^[A-Za-z0-9._-]{1,40}$"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

type Identifier = Annotated[str, msgspec.Meta(pattern=_ID)]
type Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
type Minor = Annotated[int, msgspec.Meta(ge=0)]


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the scheme calls a presentment: DE32 with DE37 and DE11, or its life cycle."""

    acquirer: Identifier | None = None
    rrn: Identifier | None = None
    stan: Identifier | None = None
    life_cycle_id: Identifier | None = None

    def __str__(self) -> str:
        return "/".join(self.key) or "no reference"

    @property
    def key(self) -> tuple[str, ...]:
        named = msgspec.structs.asdict(self).items()
        return tuple(f"{name}={value}" for name, value in named if value is not None)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    n: int
    reference: Reference
    amount: Annotated[int, msgspec.Meta(gt=0)]
    currency: Currency
    direction: Literal["DEBIT", "CREDIT"]

    @property
    def owed(self) -> int:
        """What we owe the scheme for it: below zero for a credit."""
        return self.amount if self.direction == "DEBIT" else -self.amount


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """The net amount as it was paid in another currency, at the scheme's rate."""

    currency: Currency
    amount: Minor
    rate: str


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of one currency come to."""

    currency: Currency
    lines: Minor
    debits: Minor
    credits: Minor
    paid: Paid | None = None

    @property
    def net(self) -> int:
        """What we owe the scheme in all."""
        return self.debits - self.credits

    @property
    def paid_in(self) -> str:
        return self.paid.currency if self.paid else self.currency


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of one network for one settlement date."""

    network: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{2,20}$")]
    settlement_date: str
    file_id: Identifier
    lines: tuple[Line, ...]
    totals: tuple[Total, ...]

    @property
    def name(self) -> str:
        return f"{self.network}#{self.settlement_date}#{self.file_id}"

    def lines_in(self, currency: str) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.currency == currency)

    def fingerprint(self, currency: str) -> str:
        """What the file says about one currency, whatever the order of its lines."""
        lines = sorted(msgspec.json.encode(line).decode() for line in self.lines_in(currency))
        totals = [each for each in self.totals if each.currency == currency]
        return hashlib.sha256(msgspec.json.encode([self.name, lines, totals])).hexdigest()


def read_file(values: Any) -> SettlementFile:
    """The file from the values of its JSON. Raises Refused, naming the place."""
    try:
        file = msgspec.convert(values, SettlementFile)
        for each in file.totals:
            exponent_of(each.currency)
            exponent_of(each.paid_in)
    except (msgspec.ValidationError, UnknownCurrency) as error:
        raise Refused("NOT_A_SETTLEMENT_FILE", str(error)) from error
    if not _DATE.fullmatch(file.settlement_date):
        raise Refused("NOT_A_SETTLEMENT_FILE", "settlement_date is no day: write 2026-11-21")
    return file


def contradictions(file: SettlementFile) -> Iterator[tuple[str, str]]:
    """(currency, what) wherever the totals are not what the lines come to."""
    stated = Counter(each.currency for each in file.totals)
    for currency in sorted({line.currency for line in file.lines} - stated.keys()):
        yield currency, "it has lines, and no total"
    for total in file.totals:
        if stated[total.currency] > 1:
            yield total.currency, "it has more than one total"
        for what, says, sums in _sums(file, total):
            if says != sums:
                yield total.currency, f"{what}: the file says {says}, its lines come to {sums}"


def _sums(file: SettlementFile, total: Total) -> Iterator[tuple[str, int, int]]:
    lines = file.lines_in(total.currency)
    yield "lines", total.lines, len(lines)
    yield "debits", total.debits, sum(each.amount for each in lines if each.owed > 0)
    yield "credits", total.credits, sum(each.amount for each in lines if each.owed < 0)
    if total.paid is not None:
        net = Money(abs(total.net), total.currency)
        rate = FxRate(total.paid.currency, total.currency, total.paid.rate, file.network, "")
        at_rate = convert(net, rate).amount
        yield f"paid at {total.paid.rate}", total.paid.amount, at_rate
