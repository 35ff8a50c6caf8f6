"""Where a time begins on a statement, found without an index by time.

`posting_no` has no gaps, so the line in the middle can be asked for by number: 20 questions for a
million lines. Times of booking rise with the number, but not strictly: two postings of one account
that follow each other closely take their times from the clocks of two machines. The order is that
of `posting_no`; a line belongs to the time of the latest booking up to it, its running maximum. So
each line belongs to exactly one day, the days follow one another, and nothing lies between them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from domain.statement import Line

# Far more than the clocks of two machines differ. A posting takes its time after it has read the
# balance that the posting before it wrote, so nothing else can set their times back.
CLOCKS_DIFFER = timedelta(minutes=1)


class Book(Protocol):
    """The lines of one account and currency."""

    def line(self, number: int) -> Line:
        """The line of this number, which exists."""

    def lines(self, first: int, last: int) -> Iterator[Line]:
        """The lines from one number to another, both included."""


def first_from(moment: datetime, count: int, book: Book) -> int:
    """The number of the first line that belongs to `moment` or a later time; `count` + 1 if none.

    `count` is the number of the latest line.
    """
    near = _first_raw(moment - CLOCKS_DIFFER, count, book)
    for line in book.lines(near, count):
        if line.moment >= moment:
            return line.posting_no
    return count + 1


def _first_raw(moment: datetime, count: int, book: Book) -> int:
    """A line at or after `moment` with none before it that is later by more than clocks differ."""
    low, high = 1, count + 1
    if count and book.line(count).moment < moment:
        return count + 1
    while low < high:
        middle = (low + high) // 2
        if book.line(middle).moment >= moment:
            high = middle
        else:
            low = middle + 1
    return low
