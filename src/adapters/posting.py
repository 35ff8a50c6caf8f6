"""Booking one message: read the balance, derive the legs, write, and read the refusal until it is
settled.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from adapters.balances import BalanceTable
from adapters.derivation import (
    AlreadyTaken,
    Derivation,
    Derived,
    ToBook,
    ToRefuse,
    ToWait,
    WaitsAlready,
)
from adapters.journal import JournalTable
from adapters.ledger import Booked, HeaderExists, Ledger, Moved, OutcomeExists, PurchaseExists
from adapters.outcomes import Outcomes, Waker, Written
from adapters.parked import ParkedTable
from adapters.parked_row import CONFLICT, DUPLICATE, PARKED, REJECTED, ParkedRow
from adapters.payments import PaymentTable
from domain.booking import BalanceRow, Booking, book_opening, primary_header_id
from domain.cain import to_json
from domain.errors import Contradiction, Refused, Unavailable
from domain.events import (
    Decided,
    OpeningRequested,
    Posted,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)
from domain.life import Life
from domain.record_booking import SECOND_PRESENTMENT
from domain.reference import CLOSED

# A hot account moves between our read and our write; after that many rivals the queue may wait for
# us.
DERIVATIONS_MAX = 12


class Result(NamedTuple):
    """The outcome's name and the facts for the log."""

    name: str
    facts: dict[str, Any]


class Tools(NamedTuple):
    """What posting reads and writes with."""

    ledger: Ledger
    derivation: Derivation
    outcomes: Outcomes
    waker: Waker
    journal: JournalTable
    balances: BalanceTable
    parked: ParkedTable
    payments: PaymentTable


type Decision = TransactionPostingApproved | TransactionPostingSuspended
type Again = Moved | PurchaseExists


class Poster:
    def __init__(self, tools: Tools, now: Callable[[], datetime]) -> None:
        self._tools = tools
        self._now = now

    def post(self, event: Decision) -> Result:
        """Book a decided record, exactly once whatever is delivered how often and in which order.

        Raises Unavailable (retry) and Contradiction (a person must look).
        """
        record = event.data
        reason: str | None = None
        for _ in range(DERIVATIONS_MAX):
            at = self._now()
            derived = self._tools.derivation.derive(event.meta, record, reason, at)
            done = self._write(event, derived, at)
            if isinstance(done, PurchaseExists):
                reason = SECOND_PRESENTMENT
            elif isinstance(done, Result):
                return done
        raise Unavailable(f"{record.msg_id} met a moving ledger {DERIVATIONS_MAX} times")

    def _write(self, event: Decision, derived: Derived, at: datetime) -> Result | Again:
        match derived:
            case ToBook(booking, balance):
                return self._book(event, booking, balance, at)
            case ToWait():
                return self._wait(event, derived, at)
            case ToRefuse():
                return self._refuse(event, derived, at)
            case WaitsAlready():
                return Result("waits_already", facts_of_record(event.data))
            case AlreadyTaken():
                return self._met(event, self._stored(event.data))

    def _book(
        self, event: Decision, booking: Booking, balance: BalanceRow | None, at: datetime
    ) -> Result | Again:
        match self._tools.ledger.book(booking, balance, at):
            case Booked():
                self._wake(booking.change.after if booking.change else None)
                return Result("booked", facts_of(booking))
            case HeaderExists(header):
                return self._met(event, header.posted)
            case OutcomeExists(row):
                return self._outcome_exists(event, row)
            case Moved() | PurchaseExists() as again:
                return again

    def _wait(self, event: Decision, derived: ToWait, at: datetime) -> Result | Again:
        match self._tools.outcomes.wait(event, event.data, derived, at):
            case Written():
                facts = {"why": derived.why, "due_at": derived.due}
                return Result("waits", facts_of_record(event.data) | facts)
            case OutcomeExists(row):
                return self._outcome_exists(event, row)
            case Moved() as again:
                return self._unless_booked(event, again)

    def _refuse(self, event: Decision, derived: ToRefuse, at: datetime) -> Result | Again:
        """Its row first, then its event."""
        match self._tools.outcomes.refuse(event, event.data, derived, at):
            case Moved() as again:
                return self._unless_booked(event, again)
            case OutcomeExists(row):
                return self._outcome_exists(event, row)
            case Written():
                return self._told(event, derived.code)

    def _unless_booked(self, event: Decision, again: Moved) -> Result | Again:
        """The header stands already: this delivery is late."""
        header = self._tools.journal.get(primary_header_id(event.data.msg_id))
        return self._met(event, header.posted) if header else again

    def _told(self, event: Decision, code: str) -> Result:
        self._tools.outcomes.tell(event, event.data, code)
        return Result("refused", facts_of_record(event.data) | {"code": code})

    def _outcome_exists(self, event: Decision, row: Mapping[str, Any]) -> Result:
        """The record has another outcome: it waits for nothing.

        A refusal of ours is told again: the delivery that wrote its row may have ended before its
        event.
        """
        record = event.data
        self._tools.outcomes.forget(record)
        if (row["state"], row["reason"]) == (PARKED, REJECTED) and "event" in row:
            return self._told(event, str(row["code"]))
        return Result("outcome_exists", facts_of_record(record) | {"parked": row["reason"]})

    def _wake(self, life: Life | None) -> None:
        """What waited for this message may go on; who still waits after it goes on waiting."""
        for waiting in life.waiting if life else ():
            self._tools.waker.wake(waiting.ingest_id)

    def _stored(self, record: Decided) -> Posted:
        header = self._tools.journal.get(primary_header_id(record.msg_id))
        if header is None:
            raise Contradiction("NO_HEADER", f"a payment took {record.msg_id} without a header")
        return header.posted

    def open(self, event: OpeningRequested) -> Result:
        """Book opening money. Raises Contradiction when another amount was booked before, and
        Refused for a closed account.
        """
        booking = book_opening(event)
        for _ in range(DERIVATIONS_MAX):
            balance = self._tools.balances.read(booking.customer or "", booking.currency or "")
            if balance is None:
                raise Unavailable(f"no balance row yet for {booking.header_id}")
            if balance.status == CLOSED:
                return self._opened_before(booking, event.data.account_id)
            booking = book_opening(event, balance)
            match self._tools.ledger.book(booking, balance, self._now()):
                case Booked():
                    return Result("booked", facts_of(booking))
                case HeaderExists(header):
                    _same_content(header.posted, booking.fingerprint)
                    return Result("already_booked", facts_of(booking))
                case OutcomeExists() | PurchaseExists():
                    raise Contradiction("OPENING_PARKED", f"{booking.header_id} cannot be parked")
                case Moved():
                    continue
        raise Unavailable(f"{booking.header_id} met a moving balance {DERIVATIONS_MAX} times")

    def _opened_before(self, booking: Booking, account_id: str) -> Result:
        """An account is not closed while it says that opening money is due. A repeat is all that
        may come; or an order that the row knows nothing of.
        """
        header = self._tools.journal.get(booking.header_id)
        if header is None:
            raise Refused(
                "ACCOUNT_CLOSED",
                f"opening money {booking.header_id}: account {account_id} is closed:"
                f" './posting account status {account_id} OPEN --note WHY', then"
                " './posting redrive PostDeadLetters'",
            )
        _same_content(header.posted, booking.fingerprint)
        return Result("already_booked", facts_of(booking))

    def _met(self, event: Decision, stored: Posted) -> Result:
        """The slot is taken. The fingerprint of the source message is compared, never the legs:

        a newer rate or rule version on a redelivery is no conflict.
        """
        record = event.data
        facts = facts_of_record(record) | {"header_id": stored.header_id}
        if stored.ingest_id == record.ingest_id:
            _same_content(stored, record.fingerprint)
            # The first delivery may have ended between its booking and those that waited for it.
            payment = stored.payment
            self._wake(self._tools.payments.get(payment.payment_id) if payment else None)
            return Result("already_booked", facts)
        reason = DUPLICATE if stored.fingerprint == record.fingerprint else CONFLICT
        row = repeat_of(record, stored.ingest_id, reason, self._now())
        row = msgspec.structs.replace(row, business_time=event.meta.business_time)
        self._tools.outcomes.repeat(record, row)
        return Result("parked", facts | {"reason": reason, "original": stored.ingest_id})


def facts_of(booking: Booking) -> dict[str, Any]:
    """Ids and codes for the log; no amounts of a person's, no payload."""
    facts = {
        "header_id": booking.header_id,
        "ingest_id": booking.ingest_id,
        "purpose": booking.purpose,
        "suspense_reason": booking.reason,
    }
    return {name: value for name, value in facts.items() if value is not None}


def facts_of_record(record: Decided) -> dict[str, Any]:
    return {"ingest_id": record.ingest_id, "msg_id": record.msg_id}


def _same_content(stored: Posted, fingerprint: str) -> None:
    if stored.fingerprint != fingerprint:
        raise Contradiction(
            "FINGERPRINT_MISMATCH",
            f"{stored.header_id} was booked for {stored.ingest_id} with other content",
        )


def repeat_of(record: Decided, owner: str, reason: str, at: datetime) -> ParkedRow:
    """The row of a record whose message is booked for another one."""
    return ParkedRow(
        ingest_id=record.ingest_id,
        reason=reason,
        code="ALREADY_BOOKED" if reason == DUPLICATE else "BOOKED_WITH_OTHER_CONTENT",
        message=f"the message was booked for {owner}",
        parked_at=at.isoformat(timespec="milliseconds"),
        msg_id=record.msg_id,
        fingerprint=record.fingerprint,
        original=owner,
        cain=to_json(record.cain),
        token=record.token,
        last4=record.last4,
        network=record.network,
        mti=record.mti,
        door=record.door,
        source_ref=record.source_ref,
        received_at=record.received_at,
    )
