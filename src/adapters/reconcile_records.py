"""Reading records and their outcomes for the comparison, one minute's share after another."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import batched
from typing import Any

from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reconcile_page import Page
from adapters.reconciliation_store import ReconciliationStore
from domain.booking import primary_header_id, resolution_header_id
from domain.charging import SUSPEND
from domain.events import Posted
from domain.identity import distinct_message_id
from domain.over_clearing import OVER_TOLERANCE, Excess
from domain.reconciliation import Comparison
from domain.reconciliation_records import compare_records

type Row = Mapping[str, Any]

# So many records are in memory at a time.
_AT_ONCE = 1_000


class ReconcileRecords:
    def __init__(
        self,
        inbox: InboxTable,
        parked: ParkedTable,
        journal: JournalTable,
        payments: PaymentTable,
        store: ReconciliationStore,
        now: Callable[[], datetime],
    ) -> None:
        self._inbox = inbox
        self._parked = parked
        self._journal = journal
        self._payments = payments
        self._store = store
        self._now = now

    def compare(self, page: Page) -> Comparison:
        """One page. A record's Parked row is read before its header, which counts first: what is
        booked meanwhile is booked.
        """
        overdue_before = page.run.overdue_before(self._now())
        for minute_shard in page.run.minute_shards(page.token):
            for some in batched(self._inbox.received_under(minute_shard), _AT_ONCE, strict=False):
                records = self._inbox.get_many(some)
                parked = {row["ingest_id"]: row for row in self._parked.get_many(some)}
                booked = self._booked(records)
                excesses = self._excesses(booked)
                page.add(compare_records(records, booked, parked, overdue_before, excesses))
            if page.is_full():
                return page.close(self._store, minute_shard)
        return page.close(self._store, None)

    def _booked(self, records: Iterable[Row]) -> dict[str, Posted]:
        """The records' own headers: under their message's id, or under that of a release as
        distinct.
        """
        own: dict[str, Posted] = {}
        left = {record["ingest_id"]: str(record["msg_id"]) for record in records}
        for candidate in (left, {i: distinct_message_id(m, i) for i, m in left.items()}):
            wanted = {i: primary_header_id(m) for i, m in candidate.items() if i not in own}
            headers = self._journal.get_many(sorted(set(wanted.values())))
            own |= {
                ingest_id: headers[header_id].posted
                for ingest_id, header_id in wanted.items()
                if header_id in headers and headers[header_id].posted.ingest_id == ingest_id
            }
        return own

    def _excesses(self, booked: Mapping[str, Posted]) -> dict[str, Excess]:
        """By ingest_id, of those that were booked to their customers with the flag: few, so that
        each payment is read on its own, as it is by now.
        """
        slots = {i: resolution_header_id(h.msg_id) for i, h in booked.items() if _suspended(h)}
        resumed = self._journal.get_many(sorted(slots.values()))
        headers = dict(booked) | {
            ingest_id: resumed[slot].posted for ingest_id, slot in slots.items() if slot in resumed
        }
        excesses: dict[str, Excess] = {}
        for ingest_id, header in headers.items():
            if header.payment is not None and OVER_TOLERANCE in header.flags:
                life = self._payments.get(header.payment.payment_id)
                if life is not None:
                    excesses[ingest_id] = Excess(life.payment.excess, life.payment.accepted)
        return excesses


def _suspended(header: Posted) -> bool:
    return header.purpose == SUSPEND
