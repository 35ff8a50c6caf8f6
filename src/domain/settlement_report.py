"""The report of a settlement file: what agreed, what did not, what was booked, what to do."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.money import Money
from domain.settlement_file import Total
from domain.settlement_matching import (
    AMOUNT_DIFFERS,
    DUPLICATE_LINE,
    MISSING_HERE,
    MISSING_THERE,
    TOTALS_WRONG,
    SettlementBreak,
)

# What a person does about a break. --repair moves its difference to suspense until then.
REMEDIES = {
    MISSING_HERE: "look for the record in ./posting parked; else dispute the line with the scheme",
    MISSING_THERE: "wait for a later file, else ask the scheme",
    AMOUNT_DIFFERS: "./posting correct the header if the scheme is right, else dispute the line",
    DUPLICATE_LINE: "ask the scheme for the amount back",
    TOTALS_WRONG: "nothing is booked for this currency: ask the scheme for another file",
}


class SettlementReport(msgspec.Struct, frozen=True, kw_only=True):
    """`settled` are the headers that the file's lines pay, each with its line's number.

    `booked` are the headers that pay it, `mended` those that moved its breaks to suspense, and
    `tolerated` are the sums of small differences by currency, in minor units.
    """

    network: str
    settlement_date: str
    file_id: str
    checked_at: datetime
    by: str
    note: str
    tolerance: int
    booked_since: datetime
    booked_until: datetime
    lines: int
    totals: tuple[Total, ...]
    tolerated: dict[str, int]
    breaks: tuple[SettlementBreak, ...]
    settled: dict[str, int]
    booked: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return f"settlement/{self.network}/{self.settlement_date}"

    @property
    def kinds(self) -> dict[str, int]:
        kinds: dict[str, int] = {}
        for each in self.breaks:
            kinds[each.kind] = kinds.get(each.kind, 0) + 1
        return kinds

    def as_json(self) -> bytes:
        """Amounts in minor units, each under its currency."""
        values = {
            "in_agreement": not self.breaks,
            "kinds": self.kinds,
            **msgspec.to_builtins(self),
        }
        return msgspec.json.format(msgspec.json.encode(values), indent=2)

    def as_markdown(self) -> str:
        return "\n".join(_lines(self)) + "\n"


def _lines(report: SettlementReport) -> Iterator[str]:
    yield f"# {report.network} settlement {report.settlement_date}, file {report.file_id}"
    yield ""
    verdict = f"**{len(report.breaks)} breaks**" if report.breaks else "in agreement"
    yield f"{report.lines} lines, {len(report.settled)} matched, {verdict}."
    yield ""
    yield f"Checked at {report.checked_at:%Y-%m-%d %H:%M} UTC by {report.by}; {report.note}".rstrip(
        "; "
    )
    yield from ("", "| currency | net | paid | small differences |", "|---|---:|---:|---:|")
    for total in report.totals:
        paid = f"{_amount(total.paid.amount, total.paid_in)} {total.paid_in}" if total.paid else ""
        small = _amount(report.tolerated.get(total.currency, 0), total.currency)
        yield f"| {total.currency} | {_amount(total.net, total.currency)} | {paid} | {small} |"
    if report.breaks:
        yield from ("", "| break | what | difference | what to do |", "|---|---|---:|---|")
    for each in report.breaks:
        difference = f"{_amount(each.difference, each.currency)} {each.currency}"
        yield f"| {each.kind} | {each.what} | {difference} | {REMEDIES[each.kind]} |"
    if report.booked:
        yield from ("", "Booked: " + ", ".join(report.booked))
    if report.mended:
        yield from ("", "Moved to suspense: " + ", ".join(report.mended))


def _amount(minor: int, currency: str) -> str:
    return Money(minor, currency).to_decimal_string()
