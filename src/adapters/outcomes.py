"""Outcomes of messages of a payment that are no booking: one that waits, one that is refused."""

from datetime import datetime
from typing import Any

import msgspec

from adapters import transactions
from adapters.bus import Bus
from adapters.derivation import ToRefuse, ToWait
from adapters.journal import JournalTable
from adapters.ledger import Moved, OutcomeExists
from adapters.parked import ParkedTable
from adapters.parked_row import PARKED, PENDING_MATCH, REJECTED, RELEASED, ParkedRow
from adapters.payments import PaymentTable
from adapters.posting_queue import PostingQueue
from domain import identity
from domain.booking import primary_header_id
from domain.cain import to_json
from domain.errors import Unavailable
from domain.events import Decided, Event, TransactionPostingApproved, TransactionRejected
from domain.lifecycle import Change, unmatched
from domain.matching import keys_of
from domain.transaction import read_transaction


class Written(msgspec.Struct, frozen=True):
    """Now, with its payment."""


type Parking = Written | OutcomeExists | Moved


class Waker:
    """Sends records that wait on their way again."""

    def __init__(self, parked: ParkedTable, queue: PostingQueue) -> None:
        self._parked = parked
        self._queue = queue

    def wake(self, ingest_id: str) -> bool:
        """Send a record that waits on its way again; False where it does not wait any more."""
        row = self._parked.get(ingest_id)
        if row is None or "event" not in row:
            return False
        if row["state"] != RELEASED and (row["state"], row["reason"]) != (PARKED, PENDING_MATCH):
            return False
        event = msgspec.json.decode(row["event"], type=TransactionPostingApproved)
        self._queue.send([event])
        return True


class Outcomes:
    """Each is one transaction: no header of the message, row and payment as they were read.

    Moved: something came between, derive again. Raises Unavailable.
    """

    def __init__(
        self,
        client: Any,
        journal: JournalTable,
        parked: ParkedTable,
        payments: PaymentTable,
        bus: Bus,
    ) -> None:
        self._client = client
        self._bus = bus
        self._journal = journal
        self._parked = parked
        self._payments = payments

    def wait(self, event: Event, record: Decided, wait: ToWait, at: datetime) -> Parking:
        """Park the record until the message comes that it follows."""
        row = msgspec.structs.replace(
            _row(record, PENDING_MATCH, wait.why, "waits for the message that it follows", at),
            business_time=event.meta.business_time,
            event=event.to_detail(),
            due_at=wait.due,
        )
        return self._write(record, row, wait.change)

    def refuse(self, event: Event, record: Decided, refusal: ToRefuse, at: datetime) -> Parking:
        """Park the record for good; it waits no longer."""
        message = "the payment does not allow it: owes nobody anything"
        row = msgspec.structs.replace(
            _row(record, REJECTED, refusal.code, message, at),
            business_time=event.meta.business_time,
            event=event.to_detail(),
        )
        life = refusal.found.life
        change = None
        if life is not None and life.waits(record.ingest_id):
            change = Change(before=life, after=unmatched(refusal.message, life))
        return self._write(record, row, change)

    def forget(self, record: Decided) -> None:
        """A record that has another outcome by now waits no longer."""
        transaction = read_transaction(record.mti, record.network, record.cain)
        life = self._payments.find(keys_of(transaction)).life
        if life is not None and life.waits(record.ingest_id):
            self._payments.forget(life, [record.ingest_id])

    def repeat(self, record: Decided, row: ParkedRow) -> None:
        """Park a record whose message is booked for another one.

        It may have waited meanwhile, or have failed on its way: it does no longer.
        """
        standing = self._parked.put(row)
        put = self._parked.supersede(row, standing) if standing else None
        if put is not None:
            # Refused only where somebody else was first, who settled it.
            transactions.write(self._client, [put])
        if standing is not None:
            self.forget(record)

    def tell(self, event: Event, record: Decided, code: str) -> None:
        """Put the refusal on the bus. Raises Unavailable when the bus refuses it."""
        detail_type = TransactionRejected.detail_type()
        meta = msgspec.structs.replace(
            event.meta,
            event_id=identity.event_id(record.msg_id, record.ingest_id, detail_type),
            causation_id=event.meta.event_id,
        )
        decision = msgspec.structs.replace(record.decision, outcome="REJECTED", reason=code)
        rejected = TransactionRejected(
            meta=meta, data=msgspec.structs.replace(record, decision=decision)
        )
        if self._bus.publish([rejected]):
            raise Unavailable(f"the bus refused the rejection of {record.ingest_id}")

    def _write(self, record: Decided, row: ParkedRow, change: Change | None) -> Parking:
        standing = self._parked.get(record.ingest_id)
        put = self._parked.supersede(row, standing)
        if put is None:
            return OutcomeExists(standing or {})
        actions = [self._journal.absent(primary_header_id(record.msg_id)), put]
        if change is not None:
            actions += self._payments.put(change).values()
        return Moved() if transactions.write(self._client, actions) else Written()


def _row(record: Decided, reason: str, code: str, message: str, at: datetime) -> ParkedRow:
    return ParkedRow(
        ingest_id=record.ingest_id,
        reason=reason,
        code=code,
        message=message,
        parked_at=at.isoformat(timespec="milliseconds"),
        msg_id=record.msg_id,
        fingerprint=record.fingerprint,
        cain=to_json(record.cain),
        token=record.token,
        last4=record.last4,
        network=record.network,
        mti=record.mti,
        door=record.door,
        source_ref=record.source_ref,
        received_at=record.received_at,
    )
