"""Statements: no gap, no overlap, and every balance is the one that the next line starts from."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Contradiction
from domain.statement import Entry, Line, Span, Statement, latest_of, midnight, state
from domain.statement_search import CLOCKS_DIFFER, first_from

START = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = [START.date() + timedelta(days=n) for n in range(5)]
FIRST_DAY, SECOND_DAY = (DAYS[0], DAYS[1]), (DAYS[1], DAYS[2])


@dataclass
class PaperBook:
    """Lines by number, as they lie in the journal; counts how often it is asked."""

    entries: Sequence[Line]
    asked: int = field(default=0)

    def line(self, number: int) -> Line:
        self.asked += 1
        return self.entries[number - 1]

    def lines(self, first: int, last: int) -> Iterator[Line]:
        for number in range(first, last + 1):
            yield self.line(number)


def book_of(moves: Sequence[tuple[int, datetime]]) -> PaperBook:
    balance, lines = 0, []
    for number, (amount, booked_at) in enumerate(moves, start=1):
        balance += amount
        lines.append(
            Line(
                posting_no=number,
                header_id=f"J#{number}",
                amount=amount,
                balance_after=balance,
                purpose="CLEAR",
                value_date="2026-11-19",
                booked_at=booked_at.isoformat(timespec="milliseconds"),
            )
        )
    return PaperBook(lines)


@st.composite
def books(draw: st.DrawFn) -> PaperBook:
    """Up to forty bookings in three days; clocks that differ by less than we allow for."""
    steps = draw(st.lists(st.integers(0, 7_200_000), max_size=40))
    skews = st.integers(0, int(CLOCKS_DIFFER.total_seconds() * 1000) // 2)
    moment, moves = START, []
    for step in steps:
        moment += timedelta(milliseconds=step)
        amount = draw(st.integers(-10_000, 10_000))
        moves.append((amount, moment - timedelta(milliseconds=draw(skews))))
    return book_of(moves)


def statement_of(book: PaperBook, since: date, until: date) -> Statement:
    count = len(book.entries)
    span = Span(
        first_from(midnight(since), count, book), first_from(midnight(until), count, book) - 1
    )
    opening = book.entries[span.first - 2].balance_after if span.first > 1 else 0
    lines = book.entries[span.first - 1 : span.last]
    return state("cust:A1", "EUR", since, until, span, opening, lines)


@given(books())
def test_days_follow_one_another_without_gap_or_overlap(book: PaperBook) -> None:
    days = [statement_of(book, *pair) for pair in itertools.pairwise(DAYS)]

    for before, after in itertools.pairwise(days):
        assert before.closing == after.opening
        assert before.span.last + 1 == after.span.first
    told = [entry.posting_no for day in days for entry in day.entries]
    first = days[0].span.first
    assert told == list(range(first, first + len(told)))


@given(books())
def test_a_line_belongs_to_the_day_of_the_latest_booking_up_to_it(book: PaperBook) -> None:
    latest, expected = START - timedelta(days=2), []
    for line in book.entries:
        latest = max(latest, line.moment)
        expected.append(latest)

    for day in DAYS:
        found = first_from(midnight(day), len(book.entries), book)

        assert found == 1 + sum(moment < midnight(day) for moment in expected)
    whole = statement_of(book, START.date() - timedelta(days=2), DAYS[-1])
    days = [moment.date().isoformat() for moment in expected]
    assert [entry.booking_date for entry in whole.entries] == days


@given(books())
def test_a_statement_adds_up(book: PaperBook) -> None:
    found = statement_of(book, DAYS[0], DAYS[3])

    assert found.closing == found.opening + found.credits.sum - found.debits.sum
    assert found.debits.count + found.credits.count == found.span.count == len(found.entries)
    balances = [found.opening, *(entry.balance_after for entry in found.entries)]
    for entry, balance in zip(found.entries, balances, strict=False):
        assert entry.balance_after == balance + entry.amount


@given(books(), st.integers(1, 7))
def test_pages_say_together_what_the_whole_says(book: PaperBook, size: int) -> None:
    whole = statement_of(book, DAYS[0], DAYS[4])
    entries: list[Entry] = []
    opening, latest = whole.opening, None
    for first in range(whole.span.first, whole.span.last + 1, size):
        span = Span(first, min(first + size - 1, whole.span.last))
        lines = book.entries[span.first - 1 : span.last]
        page = state("cust:A1", "EUR", whole.since, whole.until, span, opening, lines, latest)
        entries += page.entries
        opening, latest = page.closing, latest_of(page, latest)

    assert tuple(entries) == whole.entries
    assert opening == whole.closing


def test_a_line_with_a_late_clock_stays_in_its_place() -> None:
    evening = datetime(2026, 11, 20, 23, 59, 59, 900_000, tzinfo=UTC)
    night = datetime(2026, 11, 21, 0, 0, 0, 100_000, tzinfo=UTC)
    book = book_of([(100, night), (-40, evening), (7, night)])

    before, after = (statement_of(book, *day) for day in (FIRST_DAY, SECOND_DAY))

    assert (before.entries, before.closing) == ((), 0)
    assert [entry.amount for entry in after.entries] == [100, -40, 7]
    assert {entry.booking_date for entry in after.entries} == {"2026-11-21"}


def test_an_account_without_lines_has_an_empty_statement() -> None:
    found = statement_of(book_of([]), *FIRST_DAY)

    assert (found.opening, found.closing, found.entries, found.span) == (0, 0, (), Span(1, 0))


def test_a_million_lines_are_searched_by_a_few_questions() -> None:
    @dataclass
    class Endless(PaperBook):
        def line(self, number: int) -> Line:
            self.asked += 1
            moment = START + timedelta(seconds=number)
            made = book_of([(1, moment)]).entries[0]
            return msgspec.structs.replace(made, posting_no=number)

    book = Endless([])

    found = first_from(START + timedelta(seconds=700_000), 1_000_000, book)

    assert found == 700_000
    walked = CLOCKS_DIFFER.total_seconds()
    assert book.asked <= 22 + walked


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ({"balance_after": 1}, "line 2 of cust:A1 EUR does not follow"),
        ({"posting_no": 3}, "line 2 of cust:A1 EUR is missing"),
    ],
)
def test_lines_that_do_not_follow_make_no_statement(broken: dict[str, int], what: str) -> None:
    first, second = book_of([(100, START), (-40, START)]).entries
    changed = msgspec.structs.replace(second, **broken)

    with pytest.raises(Contradiction, match=what):
        state("cust:A1", "EUR", *FIRST_DAY, Span(1, 2), 0, [first, changed])


def test_a_line_that_is_missing_at_the_end_is_missed() -> None:
    (only,) = book_of([(100, START)]).entries

    with pytest.raises(Contradiction, match="line 2 of cust:A1 EUR is missing"):
        state("cust:A1", "EUR", *FIRST_DAY, Span(1, 2), 0, [only])
