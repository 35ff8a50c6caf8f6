"""Carrying out what a person orders about a payment, a dispute of it or that its excess is right:
once, by two people above the cap.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from adapters.balances import BalanceTable
from adapters.correction_orders import CorrectionOrder, OrderBook
from adapters.corrections import Instruction, moves_of
from adapters.journal import JournalTable
from adapters.ledger import Booked, HeaderExists, Ledger, Moved
from adapters.payment_ids import payment_of
from adapters.payment_story import corrected
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from domain import chart
from domain.acceptance import Acceptance, accept_excess, acceptance_header_id
from domain.booking import BalanceRow, Booking
from domain.correcting import is_above
from domain.dispute_booking import Disputed, Ordered, book_dispute
from domain.dispute_order import DisputeOrder, dispute_header_id, disputed_clearing
from domain.errors import Refused, Unavailable
from domain.header import StoredHeader
from domain.life import Life
from domain.missing_funds import OVERDRAW

_DERIVATIONS_MAX = 12
_DIGEST_LENGTH = 16
_DONE = {"open": "OPENED", "win": "WON", "lose": "LOST", "accept": "ACCEPTED"}
_WOULD = {
    "open": "WOULD_OPEN",
    "win": "WOULD_WIN",
    "lose": "WOULD_LOSE",
    "accept": "WOULD_ACCEPT",
}

type PaymentOrder = DisputeOrder | Acceptance


class Tables(NamedTuple):
    journal: JournalTable
    payments: PaymentTable
    balances: BalanceTable
    orders: OrderBook
    reference: ReferenceTable


class Disputes:
    """Raises Refused, Unavailable."""

    def __init__(self, ledger: Ledger, tables: Tables, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._tables = tables
        self._now = now

    def carry_out(self, identifier: str, order: PaymentOrder, told: Instruction) -> dict[str, Any]:
        """Book it, or keep the order for a second person, or say what would be.

        `identifier` is the payment's, or that of a message or a header of it.
        """
        if isinstance(order, Acceptance) and not (told.approve or told.note.strip()):
            raise Refused("NO_NOTE", "say why it is right: the note is kept with the order")
        life = self._payment(identifier)
        slot = _slot(life, order)
        standing = self._tables.journal.get(slot)
        if standing is not None:
            return _met(order, standing)
        asked = self._asked(slot, order, told)
        booking, balance = self._derive(life, order, _ordered(asked))
        needs_approval = _is_above(order, booking, self._tables.reference.correction_caps())
        seen = _told(booking, needs_approval=needs_approval, order=asked.digest)
        if told.dry_run:
            return seen | moves_of(booking, balance) | {"result": _WOULD[order.action]}
        if told.approve:
            ordered = _ordered(self._tables.orders.agree(asked), approved_by=told.by)
        else:
            ordered = _ordered(self._tables.orders.ask(asked))
            if needs_approval:
                return seen | moves_of(booking, balance) | {"result": "WAITS_FOR_APPROVAL"}
        return seen | self._book(life.payment.payment_id, order, ordered)

    def _payment(self, identifier: str) -> Life:
        life = payment_of(self._tables.journal, self._tables.payments, identifier)
        if life is None:
            raise Refused("UNKNOWN_PAYMENT", f"{identifier} leads to no card payment")
        return life

    def _asked(self, slot: str, order: PaymentOrder, told: Instruction) -> CorrectionOrder:
        """The digest is that of the order: its legs may depend on what the account has by then."""
        content = f"{slot} {order.fingerprint}"
        return CorrectionOrder(
            slot=slot,
            digest=hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH],
            by=told.by,
            at=self._now().isoformat(timespec="milliseconds"),
            note=told.note,
            change=msgspec.json.encode(order).decode(),
        )

    def _derive(
        self, life: Life, order: PaymentOrder, ordered: Ordered
    ) -> tuple[Booking, BalanceRow | None]:
        """The balance first: a correction that comes between moves it, and all is read again."""
        if isinstance(order, Acceptance):
            return accept_excess(order, life, ordered), None
        payment, balance = life.payment, None
        if order.direction is not None:
            balance = self._tables.balances.read(chart.customer(payment.account), payment.currency)
        losing = order.direction == "DEBIT"
        known = Disputed(
            life=life,
            balance=balance,
            policy=self._tables.reference.funds_policy(payment.account) if losing else OVERDRAW,
            settled_in=self._settled_in(life),
            corrected=corrected(self._tables.journal, life) if order.action == "open" else 0,
        )
        return book_dispute(order, known, ordered), balance

    def _settled_in(self, life: Life) -> str:
        """The currency in which the first clearing owes the scheme: the last part of the account's
        name.
        """
        header = self._tables.journal.get(disputed_clearing(life).header_id)
        legs = header.posted.legs if header else ()
        owed = (leg for leg in legs if leg.account.startswith(("settle:", "susp:")))
        return next((leg.currency for leg in owed), life.payment.currency)

    def _book(self, payment_id: str, order: PaymentOrder, ordered: Ordered) -> dict[str, Any]:
        """Payment and balance are read anew: what was looked at before may have moved."""
        for _ in range(_DERIVATIONS_MAX):
            life = self._payment(payment_id)
            standing = self._tables.journal.get(_slot(life, order))
            if standing is not None:
                return _met(order, standing)
            booking, balance = self._derive(life, order, ordered)
            match self._ledger.book(booking, balance, self._now()):
                case Booked():
                    done = _told(booking) | moves_of(booking, balance)
                    return done | {"result": _DONE[order.action]}
                case HeaderExists(header):
                    return _met(order, header)
                case Moved():
                    continue
                case _:
                    raise Refused(
                        "CHANGED_MEANWHILE", "the record has a parked outcome: look at it"
                    )
        raise Unavailable(f"{payment_id} or its account moved {_DERIVATIONS_MAX} times")


def _ordered(order: CorrectionOrder, approved_by: str = "") -> Ordered:
    return Ordered(
        order_id=order.id, by=order.by, at=order.at, note=order.note, approved_by=approved_by
    )


def _slot(life: Life, order: PaymentOrder) -> str:
    if isinstance(order, Acceptance):
        return acceptance_header_id(life, order)
    return dispute_header_id(life, order)


def _is_above(order: PaymentOrder, booking: Booking, caps: Mapping[str, int]) -> bool:
    """An acceptance moves nothing: what counts is what it says is right."""
    if isinstance(order, Acceptance):
        return order.amount > caps.get(order.currency, 0)
    return is_above(booking, caps)


def _met(order: PaymentOrder, standing: StoredHeader) -> dict[str, Any]:
    """The slot is taken: by the same order, or by one of other content."""
    if standing.posted.fingerprint != order.fingerprint:
        raise Refused(
            "ALREADY_BOOKED",
            f"{standing.posted.header_id} is booked as {standing.posted.fingerprint}:"
            " if this is another order, give it a --case",
        )
    return {
        "result": _DONE[order.action],
        "already": True,
        "header_id": standing.posted.header_id,
        "payment": msgspec.to_builtins(standing.posted.payment),
        "legs": msgspec.to_builtins(standing.posted.legs),
        "decided": standing.decided,
    }


def _told(booking: Booking, **more: Any) -> dict[str, Any]:
    state = booking.change.after.state if booking.change else None
    return {
        "header_id": booking.header_id,
        "payment": msgspec.to_builtins(state),
        "decided": booking.decided,
        **more,
        "legs": msgspec.to_builtins(booking.legs),
    }
