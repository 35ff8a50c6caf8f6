"""A statement: the lines of one account and currency, with the balances before and after them.

Lines are ordered by `posting_no`, which counts the account's bookings from 1 without gaps. A day is
a booking date in UTC; a period [since, until) holds the days from `since` up to the day before
`until`. The value date is an attribute of a line and orders nothing.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

import msgspec

from domain.errors import Contradiction


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of the account: `amount` is signed, in minor units, more money is positive."""

    posting_no: int
    header_id: str
    amount: int
    balance_after: int
    purpose: str
    value_date: str
    booked_at: str
    narrative: str | None = None

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.booked_at)


class Entry(Line, frozen=True, kw_only=True):
    """A line on a statement, with the day that it is booked under."""

    booking_date: str


class Span(msgspec.Struct, frozen=True):
    """The posting numbers of some lines in a row; `last` is `first` - 1 where there are none."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


class Totals(msgspec.Struct, frozen=True):
    """How many entries, and the sum of their amounts without sign, in minor units."""

    count: int
    sum: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """`opening` and `closing` are the balances before the first and after the last entry.

    The closing balance of a day is the opening balance of the next one, because both are the
    balance after one line.
    """

    account: str
    currency: str
    since: date
    until: date
    span: Span
    opening: int
    closing: int
    entries: tuple[Entry, ...]
    debits: Totals
    credits: Totals

    @property
    def account_id(self) -> str:
        """The account as its holder knows it: without the ledger's prefix."""
        return self.account.removeprefix("cust:")


class BalanceAt(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted up to an instant, the instant included; in minor units.

    Held and available money are of the present only: no line keeps them.
    """

    account: str
    currency: str
    at: str
    posted: int
    posting_no: int


def midnight(day: date) -> datetime:
    """Where a booking date begins."""
    return datetime.combine(day, time(), UTC)


def state(
    account: str,
    currency: str,
    since: date,
    until: date,
    span: Span,
    opening: int,
    lines: Iterable[Line],
    latest: datetime | None = None,
) -> Statement:
    """The statement of these lines, which are those of `span`, after a balance of `opening`.

    `latest` is the latest time of booking before them, where they go on from an earlier page.
    Raises Contradiction when a line is missing or does not follow from the one before it.
    """
    entries: list[Entry] = []
    balance, moment = opening, latest or midnight(since)
    for place, line in enumerate(lines):
        _follows(account, currency, line, span.first + place, balance)
        balance, moment = line.balance_after, max(moment, line.moment)
        entries.append(_entry(line, moment))
    if len(entries) != span.count:
        raise _broken(account, currency, span.first + len(entries), "is missing")
    return Statement(
        account=account,
        currency=currency,
        since=since,
        until=until,
        span=span,
        opening=opening,
        closing=balance,
        entries=tuple(entries),
        debits=_totals(-entry.amount for entry in entries if entry.amount < 0),
        credits=_totals(entry.amount for entry in entries if entry.amount >= 0),
    )


def latest_of(statement: Statement, before: datetime | None) -> datetime:
    """The latest time of booking up to the statement's last entry: where the next page goes on."""
    moments = [entry.moment for entry in statement.entries]
    return max([before or midnight(statement.since), *moments])


def _entry(line: Line, moment: datetime) -> Entry:
    values = {name: getattr(line, name) for name in Line.__struct_fields__}
    return Entry(**values, booking_date=moment.astimezone(UTC).date().isoformat())


def _totals(amounts: Iterable[int]) -> Totals:
    found = list(amounts)
    return Totals(len(found), sum(found))


def _follows(account: str, currency: str, line: Line, number: int, balance: int) -> None:
    if line.posting_no != number:
        raise _broken(account, currency, number, "is missing")
    if line.balance_after != balance + line.amount:
        raise _broken(account, currency, number, "does not follow from the line before it")


def _broken(account: str, currency: str, number: int, what: str) -> Contradiction:
    return Contradiction("STATEMENT_BROKEN", f"line {number} of {account} {currency} {what}")
