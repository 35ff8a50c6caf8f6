"""Booking one message: read the balance, derive the legs, write, and read the refusal until it is
settled.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from adapters.balances import BalanceTable
from adapters.ledger import (
    BalanceMoved,
    Booked,
    HeaderExists,
    Ledger,
    OutcomeExists,
    PurchaseExists,
)
from adapters.parked import CONFLICT, DUPLICATE, ParkedRow, ParkedTable
from domain import chart
from domain.booking import SECOND_PRESENTMENT, BalanceRow, Booking, book_decided, book_opening
from domain.cain import to_json
from domain.errors import Contradiction, Unavailable
from domain.events import (
    Decided,
    OpeningRequested,
    Posted,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)

# A hot account moves between our read and our write; after that many rivals the queue may wait for
# us.
_DERIVATIONS_MAX = 12


class Result(NamedTuple):
    """The outcome's name and the facts for the log."""

    name: str
    facts: dict[str, Any]


class Poster:
    def __init__(
        self,
        ledger: Ledger,
        balances: BalanceTable,
        parked: ParkedTable,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._balances = balances
        self._parked = parked
        self._now = now

    def post(self, event: TransactionPostingApproved | TransactionPostingSuspended) -> Result:
        """Book a decided record, exactly once whatever is delivered how often and in which order.

        Raises Unavailable (retry) and Contradiction (a person must look).
        """
        record, meta = event.data, event.meta
        reason: str | None = None
        for _ in range(_DERIVATIONS_MAX):
            # Read for each message: the legs, the line's key and the running balance come from this
            # row.
            balance = self._balance_of(record)
            booking = book_decided(meta.event_id, meta.business_time, record, balance, reason)
            outcome = self._ledger.book(booking, balance, self._now())
            match outcome:
                case Booked():
                    return Result("booked", facts_of(booking))
                case HeaderExists(header):
                    return self._met_header(booking, record, header.posted)
                case OutcomeExists(row):
                    return Result("outcome_exists", facts_of(booking) | {"parked": row["reason"]})
                case PurchaseExists():
                    reason = SECOND_PRESENTMENT
                case BalanceMoved():
                    continue
        raise Unavailable(f"{record.msg_id} met a moving balance {_DERIVATIONS_MAX} times")

    def open(self, event: OpeningRequested) -> Result:
        """Book opening money. Raises Contradiction when another amount was booked before."""
        booking = book_opening(event)
        for _ in range(_DERIVATIONS_MAX):
            balance = self._balances.read(booking.customer or "", booking.currency or "")
            if balance is None:
                raise Unavailable(f"no balance row yet for {booking.header_id}")
            booking = book_opening(event, balance)
            outcome = self._ledger.book(booking, balance, self._now())
            match outcome:
                case Booked():
                    return Result("booked", facts_of(booking))
                case HeaderExists(header):
                    _same_content(booking, header.posted.fingerprint)
                    return Result("already_booked", facts_of(booking))
                case OutcomeExists() | PurchaseExists():
                    raise Contradiction("OPENING_PARKED", f"{booking.header_id} cannot be parked")
                case BalanceMoved():
                    continue
        raise Unavailable(f"{booking.header_id} met a moving balance {_DERIVATIONS_MAX} times")

    def _balance_of(self, record: Decided) -> BalanceRow | None:
        if record.account is None or record.decision.outcome != "APPROVED":
            return None
        account = chart.customer(record.account.account_id)
        return self._balances.read(account, record.account.currency)

    def _met_header(self, booking: Booking, record: Decided, stored: Posted) -> Result:
        """The slot is taken. The fingerprint of the source message is compared, never the legs:

        a newer rate or rule version on a redelivery is no conflict.
        """
        if stored.ingest_id == record.ingest_id:
            _same_content(booking, stored.fingerprint)
            return Result("already_booked", facts_of(booking))
        reason = DUPLICATE if stored.fingerprint == record.fingerprint else CONFLICT
        row = _repeat_of(record, stored.ingest_id, reason, self._now())
        self._parked.put(msgspec.structs.replace(row, business_time=booking.business_time))
        facts = facts_of(booking) | {"reason": reason, "original": stored.ingest_id}
        return Result("parked", facts)


def facts_of(booking: Booking) -> dict[str, Any]:
    """Ids and codes for the log; no amounts of a person's, no payload."""
    facts = {
        "header_id": booking.header_id,
        "ingest_id": booking.ingest_id,
        "purpose": booking.purpose,
        "suspense_reason": booking.reason,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _same_content(booking: Booking, stored_fingerprint: str) -> None:
    if stored_fingerprint != booking.fingerprint:
        raise Contradiction(
            "FINGERPRINT_MISMATCH",
            f"{booking.header_id} was booked for {booking.ingest_id} with other content",
        )


def _repeat_of(record: Decided, owner: str, reason: str, at: datetime) -> ParkedRow:
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
