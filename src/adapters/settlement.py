"""Settling a scheme's file: check it line by line, report, book what it pays, mend its breaks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched, count
from typing import Any, NamedTuple

import msgspec

from adapters.corrections import Corrections, Instruction
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.ledger import Booked, HeaderExists, Ledger
from adapters.settlement_store import SettlementStore
from domain import chart
from domain.booking import Booking
from domain.cain import from_json
from domain.charging import SUSPEND
from domain.correcting import Change, correction_header_id
from domain.errors import Refused
from domain.events import Posted
from domain.header import StoredHeader
from domain.posting import movements_of
from domain.settlement_file import Reference, SettlementFile, Total
from domain.settlement_matching import (
    TOTALS_WRONG,
    Matching,
    Presentment,
    match,
    presentments_of,
    resumption_of,
    root_of,
)
from domain.settlement_report import SettlementReport
from domain.settling import gain_header_id, realised, repair, settle, sweep_gain

# A message is booked within seconds, and stated with the day of its clearing or the one before.
_BOOKED_BEFORE, _BOOKED_AFTER = timedelta(days=1), timedelta(days=3)
# A file may pay for what an earlier one forgot.
_EARLIER_FILES = timedelta(days=10)
_BATCH = 100
_SHOWN_MAX = 50


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`tolerance` is in minor units for each line; the times bound what is looked at, by booking.

    `repair` moves the differences of breaks to suspense.
    """

    by: str
    note: str = ""
    tolerance: int = 0
    booked_since: datetime | None = None
    booked_until: datetime | None = None
    repair: bool = False
    approve: bool = False
    dry_run: bool = False

    @property
    def instruction(self) -> Instruction:
        return Instruction(by=self.by, note=self.note, approve=self.approve, dry_run=self.dry_run)


class Tables(NamedTuple):
    inbox: InboxTable
    journal: JournalTable
    ledger: Ledger
    corrections: Corrections


class Settlement:
    """Raises Refused, Unavailable."""

    def __init__(self, tables: Tables, store: SettlementStore, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._store = store
        self._now = now

    def settle(self, file: SettlementFile, asked: Asked) -> dict[str, Any]:
        """Check, book and report one file. What was booked before is told as such."""
        report, matching = self._check(file, asked)
        done = list(self._pay(file, matching, asked))
        mended = list(self._mend(file, matching, asked)) if asked.repair else []
        booked = tuple(each["header_id"] for each in done if each["result"] == "BOOKED")
        moved = tuple(each["header_id"] for each in mended if each["result"] == "CORRECTED")
        report = msgspec.structs.replace(report, booked=booked, mended=moved)
        answer = {
            "result": "WOULD_SETTLE" if asked.dry_run else "SETTLED",
            "file": file.name,
            "matched": len(matching.pairs),
            "kinds": report.kinds,
            "breaks": list(msgspec.to_builtins(report.breaks[:_SHOWN_MAX])),
            "bookings": done,
            "repairs": mended,
        }
        return answer if asked.dry_run else answer | {"report": self._store.save(report)}

    def _check(self, file: SettlementFile, asked: Asked) -> tuple[SettlementReport, Matching]:
        day = datetime.fromisoformat(file.settlement_date).replace(tzinfo=UTC)
        now = self._now()
        since = asked.booked_since or day - _BOOKED_BEFORE
        latest = now if asked.booked_since else day + _BOOKED_AFTER
        until = min(asked.booked_until or latest, now)
        presentments = self._presentments(file.network, since, until)
        settled = self._settled_by_others(file, (day - _EARLIER_FILES).date().isoformat())
        matching = match(file, presentments, settled, asked.tolerance)
        currencies = [total.currency for total in file.totals]
        report = SettlementReport(
            network=file.network,
            settlement_date=file.settlement_date,
            file_id=file.file_id,
            checked_at=self._now(),
            by=asked.by,
            note=asked.note,
            tolerance=asked.tolerance,
            booked_since=since,
            booked_until=until,
            lines=len(file.lines),
            totals=file.totals,
            tolerated={each: matching.tolerated(each) for each in currencies},
            breaks=matching.breaks,
            settled={pair.presentment.header_id: pair.line.n for pair in matching.pairs},
        )
        return report, matching

    def _presentments(self, network: str, since: datetime, until: datetime) -> list[Presentment]:
        """What was booked in that time and owes the network, with all its corrections."""
        journal, prefix = self._tables.journal, f"settle:{network}:"
        found: dict[str, Posted] = {}
        for ids in batched(journal.headers_between(since, until), _BATCH, strict=False):
            for header_id, header in journal.get_many(list(ids)).items():
                if any(leg.account.startswith(prefix) for leg in header.posted.legs):
                    found[header_id] = header.posted
        found |= self._read({root_of(each) for each in found} - found.keys())
        waiting = [each for each, posted in found.items() if posted.purpose == SUSPEND]
        found |= self._read({resumption_of(each) for each in waiting} - found.keys())
        more = found
        while more:
            # A correction counts with what it corrects, whenever the one or the other was booked.
            more = self._read({correction_header_id(each) for each in more} - found.keys())
            found |= more
        return presentments_of(found.values(), self._references(found), network)

    def _read(self, header_ids: set[str]) -> dict[str, Posted]:
        found = self._tables.journal.get_many(sorted(header_ids))
        return {header_id: header.posted for header_id, header in found.items()}

    def _references(self, headers: dict[str, Posted]) -> dict[str, Reference]:
        """By ingest_id, from the Inbox: what was booked for no record has none."""
        references = {}
        wanted = sorted({posted.ingest_id for posted in headers.values()})
        for row in self._tables.inbox.get_many(wanted):
            cain = from_json(row["cain"])
            references[row["ingest_id"]] = Reference(
                acquirer=cain.acquirer.id,
                rrn=cain.transaction_id.retrieval_reference,
                stan=cain.transaction_id.stan,
                life_cycle_id=cain.transaction_id.life_cycle_id,
            )
        return references

    def _settled_by_others(self, file: SettlementFile, since: str) -> dict[str, str]:
        """Headers that another file has paid, with its id: those of files that were booked."""
        return {
            header_id: report.file_id
            for report in self._store.earlier(file, since)
            if report.booked
            for header_id in report.settled
        }

    def _pay(
        self, file: SettlementFile, matching: Matching, asked: Asked
    ) -> Iterator[dict[str, Any]]:
        refused = {each.currency for each in matching.breaks if each.kind == TOTALS_WRONG}
        for total in file.totals:
            if total.currency in refused:
                yield {"header_id": "", "result": "TOTALS_WRONG", "currency": total.currency}
                continue
            tolerated = matching.tolerated(total.currency)
            payment = settle(file, total, tolerated)
            if payment is not None:
                cause = f"{payment.causation_id}#{asked.tolerance}"
                payment = msgspec.structs.replace(payment, causation_id=cause)
                yield self._book(payment, dry_run=asked.dry_run)
            yield from self._sweep(file, total, matching, asked)

    def _sweep(
        self, file: SettlementFile, total: Total, matching: Matching, asked: Asked
    ) -> Iterator[dict[str, Any]]:
        """What the positions of the settled presentments have earned, as a booking of its own.

        What is earned later, by a correction or a resumption, the next run of the file sweeps.
        """
        gain = realised(total, matching)
        for number in count(1):
            header = self._tables.journal.get(gain_header_id(file, total.currency, number))
            if header is None:
                booking = sweep_gain(file, total, gain, number)
                if booking is not None:
                    yield self._book(booking, dry_run=asked.dry_run)
                return
            legs = header.posted.legs
            gain -= movements_of(legs)[chart.FX_GAIN, total.paid_in].net
            told = {"header_id": header.posted.header_id, "legs": msgspec.to_builtins(legs)}
            yield told | {"result": "BOOKED", "already": True}

    def _book(self, booking: Booking, *, dry_run: bool) -> dict[str, Any]:
        """Once for ever. Raises Refused when other content was booked."""
        told = {"header_id": booking.header_id, "legs": msgspec.to_builtins(booking.legs)}
        if dry_run:
            header = self._tables.journal.get(booking.header_id)
            outcome: object = HeaderExists(header) if header else None
        else:
            outcome = self._tables.ledger.book(booking, None, self._now())
        match outcome:
            case HeaderExists(header) if header.posted.fingerprint == booking.fingerprint:
                _same_tolerance(booking, header)
                return told | {"result": "BOOKED", "already": True}
            case HeaderExists():
                raise Refused(
                    "SETTLED_WITH_OTHER_CONTENT",
                    f"{booking.header_id} is booked from another content of this file: book the"
                    f" difference with ./posting correct {booking.header_id}",
                )
            case Booked() | None:
                return told | {"result": "WOULD_BOOK" if dry_run else "BOOKED"}
        raise Refused("NOT_BOOKED", f"{booking.header_id} met a parked outcome")

    def _mend(
        self, file: SettlementFile, matching: Matching, asked: Asked
    ) -> Iterator[dict[str, Any]]:
        for each in matching.breaks:
            booking = repair(file, each) if each.kind != TOTALS_WRONG else None
            if booking is not None:
                yield {"kind": each.kind} | self._tell(booking, asked)

    def _tell(self, booking: Booking, asked: Asked) -> dict[str, Any]:
        """One refusal does not stop the others."""
        try:
            return self._tables.corrections.carry_out(booking, Change(), asked.instruction)
        except Refused as refusal:
            told = {"header_id": booking.header_id, "result": "REFUSED"}
            return told | {"code": refusal.code, "message": refusal.message}


def _same_tolerance(booking: Booking, standing: StoredHeader) -> None:
    """What was tolerated is booked already: it must not become a break to be mended as well."""
    if booking.causation_id != standing.causation_id:
        tolerance = standing.causation_id.rpartition("#")[2]
        raise Refused(
            "TOLERANCE_CHANGED",
            f"{booking.header_id} was booked with a tolerance of {tolerance}: give the same again",
        )
