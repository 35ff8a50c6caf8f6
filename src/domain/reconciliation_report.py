"""The report of a run: what agreed, what did not, what was repaired, and what a person must do."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from domain.currency import UnknownCurrency
from domain.money import Money
from domain.reconciliation import Break, Comparison, Total
from domain.reconciliation_repairs import Mended
from domain.reconciliation_run import Run

TITLES = {
    "records": "records = outcomes",
    "balances": "journal = balances",
    "events": "events = journal",
}
# What a person does about a break that no repetition mends.
REMEDIES = {
    "AMOUNT_DIFFERS": "./posting explain the record; the booking is corrected by another booking",
    "BOOKED_AND_REFUSED": "./posting explain the record; decide which of the two holds",
    "RESOLVED_BY_NOTHING": "./posting explain the record, then decide about it",
    "OVER_CLEARED": "./posting explain the record; dispute it, or './posting excess accept'",
    "REVERSED_UNMATCHED": "ask the scheme what it reverses, then ./posting parked discard it",
    "CUSTOMER_DIFFERS": "compare ./posting balance of the account with its entries",
    "STATEMENT_BROKEN": "compare ./posting balance of the account with its entries",
    "LINE_MISSING": "restore the line from a backup of the Journal",
    "NO_BALANCE_ROW": "./posting reference load the account, then restore its row",
    "EVENT_WITHOUT_HEADER": "tell the consumers; look for who deleted the header",
    "EVENT_DIFFERS": "tell the consumers; the header is what holds",
    "TRAIL_UNREADABLE": "look at the object in the audit bucket",
}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`found` is the first pass, a dry run; `remaining` the last look at each comparison."""

    run: Run
    finished_at: datetime
    found: dict[str, Comparison]
    repairs: dict[str, Mended]
    remaining: dict[str, Comparison]

    @property
    def breaks_found(self) -> int:
        return sum(each.breaks for each in self.found.values())

    @property
    def breaks_remaining(self) -> int:
        return sum(each.breaks for each in self.remaining.values())

    def as_json(self) -> bytes:
        """Amounts in minor units, each under its currency."""
        values = {
            "run_id": self.run.run_id,
            "in_agreement": not self.breaks_remaining,
            "breaks_found": self.breaks_found,
            "breaks_remaining": self.breaks_remaining,
            **msgspec.to_builtins(self),
        }
        return msgspec.json.format(msgspec.json.encode(values), indent=2)

    def as_markdown(self) -> str:
        return "\n".join(_lines(self)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    run = report.run
    yield f"# Reconciliation {run.run_id}"
    yield ""
    yield f"{run.since:%Y-%m-%d %H:%M} to {run.until:%Y-%m-%d %H:%M} UTC, {_verdict(report)}."
    for name, comparison in report.remaining.items():
        if comparison.pages:
            yield from _comparison(TITLES[name], comparison, report.found[name])
    if report.repairs:
        yield from ("", "## Repairs", "", "| repair | asked for | mended |", "|---|---:|---:|")
        for repair, done in report.repairs.items():
            yield f"| {repair} | {done.asked} | {done.mended} |"


def _verdict(report: Report) -> str:
    if report.breaks_remaining:
        return f"**{report.breaks_remaining} breaks remain**, {report.breaks_found} were found"
    if report.breaks_found:
        return f"in agreement after the repair of {report.breaks_found} breaks"
    return "in agreement"


def _comparison(title: str, last: Comparison, first: Comparison) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield f"Looked at {last.looked_at}; breaks found {first.breaks}, remaining {last.breaks}."
    if last.totals:
        yield from ("", "| side | currency | count | amount |", "|---|---|---:|---:|")
        for side, currency, total in rows_of(last.totals):
            yield f"| {side} | {currency} | {total.count} | {_amount(total.amount, currency)} |"
    for what, count in sorted(last.notes.items()):
        yield from ("", f"- {what}: {count}")
    if last.shown:
        yield from ("", "| break | of | what | what to do |", "|---|---|---|---|")
        for each in last.shown:
            yield f"| {each.kind} | {each.id} | {each.what} | {remedy_of(each)} |"
    if last.breaks > len(last.shown):
        yield from ("", f"All of them: {', '.join(last.lists)}")


def rows_of(totals: Mapping[str, Mapping[str, Total]]) -> Iterator[tuple[str, str, Total]]:
    """Side, currency and total: the sides of one currency, whose sums agree, lie together."""
    for currency in sorted({each for by_currency in totals.values() for each in by_currency}):
        for side, by_currency in totals.items():
            if currency in by_currency:
                yield side, currency, by_currency[currency]


def remedy_of(each: Break) -> str:
    """What mends it: its repair, or a person's work."""
    if each.repair is not None:
        return f"repair {each.repair}"
    return REMEDIES[each.kind]


def _amount(minor: int, currency: str) -> str:
    try:
        return Money(minor, currency).to_decimal_string()
    except UnknownCurrency:
        return f"{minor} minor units"
