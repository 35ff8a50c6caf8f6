"""What an operator decides about a record that was not booked to its customer: release, return,
discard.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from adapters import transactions
from adapters.balances import BalanceTable
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.derivation import mirrored_legs, with_over_clearing
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.ledger import Booked, HeaderExists, Ledger, Moved, Outcome, header_of
from adapters.over_clearing_rules import OverClearingRules
from adapters.parked import ParkedTable
from adapters.parked_row import INVALID, PARKED
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable, Wanted
from adapters.story import Story
from domain import chart, identity
from domain.announcement import posted_event_id
from domain.booking import BalanceRow, Booking, primary_header_id, resolution_header_id
from domain.enrichment import enrich, rate_needed
from domain.errors import Refused, Unavailable
from domain.events import Authorized, Decided, Meta, TransactionAuthorized
from domain.header import StoredHeader
from domain.life import REFUND, REVERSE
from domain.lifecycle import Change, message_of, take, take_unlinked
from domain.payment_booking import book_resume_for_payment
from domain.payment_steps import Refused as PaymentRefused
from domain.received import Received
from domain.record_booking import book_resume, book_return
from domain.reference import status_refusal
from domain.transaction import read_transaction

_DERIVATIONS_MAX = 12


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is the person who decides, `note` why, `principal` who signed the request, as IAM knows
    them; all are kept with the record.
    """

    ingest_id: str
    by: str
    note: str = ""
    principal: str = ""
    as_distinct: bool = False
    dry_run: bool = False

    def entry(self, action: str, at: datetime) -> dict[str, str]:
        """The line of the record's history."""
        moment = at.isoformat(timespec="milliseconds")
        told = {"state": action, "at": moment, "by": self.by, "note": self.note}
        return told | ({"principal": self.principal} if self.principal else {})


class Tables(NamedTuple):
    inbox: InboxTable
    claims: ClaimTable
    parked: ParkedTable
    journal: JournalTable
    balances: BalanceTable
    reference: ReferenceTable
    payments: PaymentTable


class Release:
    """Each order is one transaction, so that it is done once or not at all. Raises Refused,
    Unavailable.
    """

    def __init__(
        self,
        client: Any,
        tables: Tables,
        bus: Bus,
        now: Callable[[], datetime],
        over_clearing: OverClearingRules,
    ) -> None:
        self._client = client
        self._tables = tables
        self._ledger = Ledger(
            client, tables.journal, tables.balances, tables.parked, tables.payments
        )
        self._over_clearing = over_clearing
        self._story = Story(tables.inbox, tables.parked, tables.journal)
        self._bus = bus
        self._now = now

    def release(self, order: Order) -> dict[str, Any]:
        """Move a suspense booking to its customer, or send a parked record on its way again."""
        suspended = self._suspended(order.ingest_id)
        if suspended is not None:
            return self._resume(order, suspended)
        row = self._parked_row(order.ingest_id)
        if row["reason"] == INVALID:
            raise Refused(
                "INVALID", "an invalid record cannot be released: correct and resubmit it"
            )
        return self._send_again(order, row)

    def give_back(self, order: Order) -> dict[str, Any]:
        """Return a suspense booking to the scheme."""
        suspended = self._suspended(order.ingest_id)
        if suspended is None:
            raise Refused(
                "NOT_IN_SUSPENSE", "no suspense booking of this record: nothing to return"
            )
        record, reason = _suspense_of(suspended)
        cause = posted_event_id(suspended.posted.header_id)
        booking = book_return(record, reason, cause, suspended.business_time)
        return self._settle(order, booking, None)

    def discard(self, order: Order) -> dict[str, Any]:
        """Close a parked record for good: it will not be booked."""
        row = self._parked_row(order.ingest_id)
        if not order.dry_run and not self._tables.parked.discard(
            order.ingest_id, order.entry("DISCARDED", self._now())
        ):
            raise Refused("NOT_PARKED", f"the record was {row['state']} meanwhile")
        return {"result": "DISCARDED", "reason": row["reason"]}

    def _send_again(self, order: Order, row: Mapping[str, Any]) -> dict[str, Any]:
        record = self._record(order.ingest_id, row)
        original_msg_id, owner = record.msg_id, row.get("original") or order.ingest_id
        if order.as_distinct:
            distinct = identity.distinct_message_id(original_msg_id, order.ingest_id)
            record = msgspec.structs.replace(record, msg_id=distinct)
        at = self._now()
        header_id = primary_header_id(record.msg_id)
        moment = at.isoformat(timespec="milliseconds")
        actions = [
            self._tables.journal.absent(header_id),
            self._tables.claims.hand_over(record.msg_id, owner, record, moment),
            self._tables.parked.release(
                order.ingest_id, record.msg_id, order.entry("RELEASED", at)
            ),
        ]
        refused = (
            self._would_refuse(header_id, record.msg_id, owner)
            if order.dry_run
            else set(transactions.write(self._client, actions))
        )
        if 0 in refused:
            raise Refused(
                "ALREADY_BOOKED",
                f"{header_id} is booked: if this is another transaction, release it --as-distinct",
            )
        if refused:
            raise Refused("CHANGED_MEANWHILE", "the record or its claim changed: look at it again")
        if order.dry_run:
            return {"result": "RELEASED", "msg_id": record.msg_id}
        # If the event is lost here, the sweep finds the released record and sends it.
        unsent = self._bus.publish([record.authorized()])
        return {"result": "RELEASED", "msg_id": record.msg_id, "sent": not unsent}

    def _would_refuse(self, header_id: str, msg_id: str, owner: str) -> set[int]:
        """The actions of a release whose condition does not hold now; the row was just read."""
        booked = self._tables.journal.get(header_id) is not None
        claim = self._tables.claims.get(msg_id)
        taken = claim is not None and claim.owner != owner
        return {place for place, refused in enumerate((booked, taken)) if refused}

    def _resume(self, order: Order, suspended: StoredHeader) -> dict[str, Any]:
        record, reason = _suspense_of(suspended)
        record = self._enriched_now(record)
        for _ in range(_DERIVATIONS_MAX):
            balance = self._bookable(record)
            booking = self._resumed(record, reason, suspended, balance)
            try:
                return self._settle(order, booking, balance)
            except _Moved:
                continue
        raise Unavailable(f"the balance for {order.ingest_id} keeps moving")

    def _resumed(
        self, record: Decided, reason: str, suspended: StoredHeader, balance: BalanceRow
    ) -> Booking:
        """The booking, as its payment takes it now; without a payment where that takes it no more.

        Raises Refused for a reversal that has nothing to reverse.
        """
        cause, at = posted_event_id(suspended.posted.header_id), suspended.business_time
        message = message_of(record, resolution_header_id(record.msg_id), at)
        found = self._tables.payments.find(message.keys)
        if found.life is None or not found.life.took(message.header_id):
            change = take(message, found.life)
            if message.kind == REFUND and not isinstance(change, Change):
                change = take_unlinked(message, found.life)
            if isinstance(change, Change):
                change = msgspec.structs.replace(change, keys=found.keys)
                legs = mirrored_legs(self._tables.journal, change)
                resumed = book_resume_for_payment(message, change, legs, reason, cause, balance)
                return with_over_clearing(self._over_clearing, message, resumed)
            if message.kind == REVERSE:
                why = change.code if isinstance(change, PaymentRefused) else change.reason
                raise Refused(why, "what it reverses is not booked: return it to the scheme")
        return book_resume(record, reason, cause, at, balance)

    def _settle(self, order: Order, booking: Booking, balance: BalanceRow | None) -> dict[str, Any]:
        decided = order.entry(booking.purpose, self._now())
        booking = msgspec.structs.replace(booking, decided=decided)
        told = {"result": booking.purpose, "header_id": booking.header_id, "reason": booking.reason}
        match self._would_be(booking, balance) if order.dry_run else self._book(booking, balance):
            case Booked():
                return told
            case HeaderExists(header) if header.posted.purpose == booking.purpose:
                return told | {"already": True}
            case HeaderExists(header):
                raise Refused("ALREADY_RESOLVED", f"the booking has a {header.posted.purpose}")
            case Moved():
                raise _Moved
            case _:
                raise Refused(
                    "CHANGED_MEANWHILE", "the record has a parked outcome: look at it again"
                )

    def _book(self, booking: Booking, balance: BalanceRow | None) -> Outcome:
        return self._ledger.book(booking, balance, self._now())

    def _would_be(self, booking: Booking, balance: BalanceRow | None) -> Outcome:
        """How booking would end, with the balance as it was read."""
        header = self._tables.journal.get(booking.header_id)
        if header is not None:
            return HeaderExists(header)
        return Booked(header_of(booking, balance, self._now()))

    def _bookable(self, record: Decided) -> BalanceRow:
        """The customer's row, when the record can be booked to it now."""
        if record.account is None:
            raise Refused("UNKNOWN_ACCOUNT", "the card still has no account: load it first")
        if record.amounts.billing is None and not record.mti.startswith("04"):
            raise Refused("NO_RATE", "there is still no rate of the business date: load it first")
        account = chart.customer(record.account.account_id)
        balance = self._tables.balances.read(account, record.account.currency)
        if balance is None:
            raise Refused(
                "UNKNOWN_ACCOUNT", f"{account} has no balance row: load the account first"
            )
        refusal = status_refusal(balance.status, record.direction)
        if refusal is not None:
            raise Refused(
                refusal, f"{account} is {balance.status}: open it first, or return the booking"
            )
        return balance

    def _enriched_now(self, record: Decided) -> Decided:
        """The record with today's reference data, and the rate of its own business time."""
        transaction = read_transaction(record.mti, record.network, record.cain)
        (known,) = self._tables.reference.look_up([Wanted.by(record.token, transaction)])
        event = _authorized(record, transaction.business_time)
        pair = rate_needed(transaction, known.account)
        rate = self._tables.reference.rate(*pair, transaction.business_time) if pair else None
        enriched = enrich(event, known, rate).data
        values = {
            name: getattr(enriched, name)
            for name in Decided.__struct_fields__
            if name != "decision"
        }
        return Decided(**values, decision=record.decision)

    def _suspended(self, ingest_id: str) -> StoredHeader | None:
        parked = self._tables.parked.get(ingest_id)
        record = self._tables.inbox.get(ingest_id) or parked
        if record is None:
            raise Refused("NOT_FOUND", "no record has this id: use the ingest_id of a receipt")
        msg_id = (parked or {}).get("msg_id") or record.get("msg_id")
        header = self._story.header_of(ingest_id, record.get("msg_id"))
        header = header or self._story.header_of(ingest_id, msg_id)
        if header is None:
            return None
        if header.posted.purpose != "SUSPEND":
            raise Refused("ALREADY_BOOKED", f"the record is booked as {header.posted.header_id}")
        return header

    def _parked_row(self, ingest_id: str) -> dict[str, Any]:
        row = self._tables.parked.get(ingest_id)
        if row is None:
            raise Refused("NOT_PARKED", "the record is not parked")
        if row["state"] != PARKED:
            raise Refused("NOT_PARKED", f"the record is {row['state']} already")
        return row

    def _record(self, ingest_id: str, row: Mapping[str, Any]) -> Received:
        """The record from the Inbox, or from its Parked row once the Inbox row has expired."""
        received = self._tables.inbox.get(ingest_id)
        if received is not None:
            return Received.from_row(received)
        return Received.from_row(dict(row) | {"fields": "{}", "content_digest": ""})


class _Moved(Exception):
    """The balance row changed between read and write."""


def _suspense_of(header: StoredHeader) -> tuple[Decided, str]:
    if header.record is None or header.posted.reason is None:
        raise Refused("NOT_IN_SUSPENSE", f"{header.posted.header_id} keeps no record to resume")
    return msgspec.json.decode(header.record, type=Decided), header.posted.reason


def _authorized(record: Decided, business_time: str) -> TransactionAuthorized:
    detail_type = TransactionAuthorized.detail_type()
    return TransactionAuthorized(
        meta=Meta(
            event_id=identity.event_id(record.msg_id, record.ingest_id, detail_type),
            msg_id=record.msg_id,
            correlation_id=record.ingest_id,
            causation_id=record.ingest_id,
            business_time=business_time,
        ),
        data=Authorized(**{name: getattr(record, name) for name in Authorized.__struct_fields__}),
    )
