"""Statements and past balances, read from the statement lines in the Journal.

The lines of an account and currency lie under one key in the order of `posting_no`. They are read
by number and in ranges, never scanned. Every read is strong: a line is there as soon as the balance
row counts it, because one transaction wrote both.
"""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.reference import ReferenceTable, account_key
from adapters.statement_lines import LineBook
from domain.booking import BalanceRow
from domain.events import Posted
from domain.page_token import Mark
from domain.query_parameters import BadParameter
from domain.statement import BalanceAt, Span, Statement, latest_of, midnight, state
from domain.statement_search import first_from

_SMALLEST_STEP = timedelta(microseconds=1)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some entries of a period: `statement` has their own balances and totals.

    `opening` and `closing` are those of the whole period; `mark` leads on, None at its end.
    """

    statement: Statement
    period: Span
    opening: int
    closing: int
    mark: Mark | None


class Statements:
    """Raises Contradiction where the lines do not follow from one another.

    An `account` is the ledger's name, `cust:` and the account's id.
    """

    def __init__(
        self,
        client: Any,
        journal: JournalTable,
        balances: BalanceTable,
        reference: ReferenceTable,
    ) -> None:
        self._client = client
        self._journal = journal
        self._balances = balances
        self._reference = reference

    def holder(self, account_id: str) -> dict[str, Any] | None:
        """The account's reference row, with its `currency` and `iban`; None for no such account."""
        key = account_key(account_id)
        return self._reference.current({key}).get(key)

    def balance(self, account: str, currency: str) -> BalanceRow | None:
        """The balance now; None for an account that has none in this currency."""
        return self._balances.read(account, currency)

    def balance_at(self, account: str, currency: str, moment: datetime) -> BalanceAt | None:
        """The balance as it was at the end of this instant."""
        row = self._balances.read(account, currency)
        if row is None:
            return None
        book = self._book(account, currency)
        number = first_from(moment + _SMALLEST_STEP, row.posting_no, book) - 1
        return BalanceAt(
            account=account,
            currency=currency,
            at=moment.isoformat(),
            posted=book.balance_after(number),
            posting_no=number,
        )

    def statement(self, account: str, currency: str, since: date, until: date) -> Statement | None:
        """The whole statement of the days from `since` to the day before `until`."""
        span = self._span(account, currency, since, until)
        if span is None:
            return None
        book = self._book(account, currency)
        opening = book.balance_after(span.first - 1)
        lines = book.pages(span.first, span.last)
        return state(account, currency, since, until, span, opening, lines)

    def headers(self, statement: Statement) -> dict[str, Posted]:
        """The journal headers of its entries, by id."""
        ids = [entry.header_id for entry in statement.entries]
        return {each: header.posted for each, header in self._journal.get_many(ids).items()}

    def page(
        self,
        account: str,
        currency: str,
        since: date,
        until: date,
        limit: int,
        mark: Mark | None = None,
    ) -> Page | None:
        """At most `limit` entries of that statement: the first ones, or those that follow a mark.

        What is booked between two pages is not on the statement: its end is that of the first page.
        Raises BadParameter for a mark behind the account's last line.
        """
        if mark is None:
            period = self._span(account, currency, since, until)
        else:
            period = self._marked(account, currency, mark)
        if period is None:
            return None
        book = self._book(account, currency)
        first = mark.next if mark else period.first
        span = Span(first, min(first + limit - 1, period.last))
        before = mark.latest if mark else None
        opening, lines = book.balance_after(first - 1), book.pages(span.first, span.last)
        found = state(account, currency, since, until, span, opening, lines, before)
        latest = latest_of(found, before)
        ended = span.last >= period.last
        return Page(
            statement=found,
            period=period,
            opening=opening if first == period.first else book.balance_after(period.first - 1),
            closing=found.closing if ended else book.balance_after(period.last),
            mark=None if ended else Mark(period=period, next=span.last + 1, latest=latest),
        )

    def _span(self, account: str, currency: str, since: date, until: date) -> Span | None:
        row = self._balances.read(account, currency)
        if row is None:
            return None
        book = self._book(account, currency)
        return Span(
            first_from(midnight(since), row.posting_no, book),
            first_from(midnight(until), row.posting_no, book) - 1,
        )

    def _marked(self, account: str, currency: str, mark: Mark) -> Span | None:
        row = self._balances.read(account, currency)
        if row is None:
            return None
        if mark.period.last > row.posting_no:
            raise BadParameter("next", "not a token: send the one of the page before")
        return mark.period

    def _book(self, account: str, currency: str) -> LineBook:
        return LineBook(self._client, self._journal.table, account, currency)
