"""Comparing what must agree: totals of both sides per currency, and the breaks between them.

The three comparisons (records = outcomes, journal = balances, events = journal) are read in pages;
each page yields Findings, which are added to the Comparison that the pages before have made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.money import Money

# What mends a break by repeating the first way. A break without one is for a person.
SWEEP, REPUBLISH, FOLD, RESUM = "SWEEP", "REPUBLISH", "FOLD", "RESUM"
REPAIRS = (SWEEP, REPUBLISH, FOLD, RESUM)
# So many breaks of a comparison travel with the run; the stored lists hold them all.
SHOWN_MAX = 50


class Break(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id` is the record, header, event or account that disagrees; `repair` what mends it."""

    kind: str
    id: str
    what: str
    repair: str | None = None


class Total(msgspec.Struct, kw_only=True):
    """So many things, and their amounts in minor units of one currency."""

    count: int = 0
    amount: int = 0


class Totals:
    """Counts and amounts by side (received, booked ...) and currency."""

    def __init__(self, by_side: dict[str, dict[str, Total]] | None = None) -> None:
        self.by_side = by_side if by_side is not None else {}

    def add(self, side: str, money: Money, count: int = 1) -> None:
        total = self.by_side.setdefault(side, {}).setdefault(money.currency, Total())
        total.count += count
        total.amount += money.amount


@dataclass(slots=True)
class Findings:
    """What one page of a comparison found. `looked_at` counts what was compared."""

    looked_at: int = 0
    totals: Totals = field(default_factory=Totals)
    breaks: list[Break] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, count: int = 1) -> None:
        """Count something that is no break: a booking that is not folded yet, for example."""
        self.notes[what] = self.notes.get(what, 0) + count


class Comparison(msgspec.Struct, kw_only=True):
    """A comparison as far as it came: the sum of its pages, small enough to travel with the run.

    `look` counts the times that it was made anew in this run. `token` says where the next page
    begins, `more` whether there is one. `lists` are the stored lists of all breaks, one for each
    page that found any.
    """

    look: int = 1
    more: bool = True
    token: Any = None
    pages: int = 0
    looked_at: int = 0
    totals: dict[str, dict[str, Total]] = msgspec.field(default_factory=dict)
    notes: dict[str, int] = msgspec.field(default_factory=dict)
    breaks: int = 0
    repairable: int = 0
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    shown: list[Break] = msgspec.field(default_factory=list)
    lists: list[str] = msgspec.field(default_factory=list)

    def add(self, found: Findings) -> None:
        """Take in what was found on a page, or on a part of it."""
        self.looked_at += found.looked_at
        totals = Totals(self.totals)
        for side, by_currency in found.totals.by_side.items():
            for currency, total in by_currency.items():
                totals.add(side, Money(total.amount, currency), total.count)
        for what, count in found.notes.items():
            self.notes[what] = self.notes.get(what, 0) + count
        for each in found.breaks:
            self.breaks += 1
            self.repairable += each.repair is not None
            self.kinds[each.kind] = self.kinds.get(each.kind, 0) + 1
        self.shown = _shown([*self.shown, *found.breaks])


def _shown(breaks: Iterable[Break]) -> list[Break]:
    """Those for a person first: the others mend themselves."""
    return sorted(breaks, key=lambda each: each.repair is not None)[:SHOWN_MAX]
