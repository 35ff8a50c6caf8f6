"""Carrying out a correction: once, by one person below the cap, by two above it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from adapters.balances import BalanceTable
from adapters.correction_orders import CorrectionOrder, OrderBook
from adapters.journal import JournalTable
from adapters.ledger import Booked, HeaderExists, Ledger, Moved
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from domain.booking import BalanceRow, Booking
from domain.correcting import (
    Change,
    chain_of,
    correct,
    correction_header_id,
    is_above,
    principal_given_back,
)
from domain.errors import Refused, Unavailable
from domain.header import StoredHeader
from domain.reference import CLOSED
from domain.settlement_matching import root_of

_DERIVATIONS_MAX = 12
_DIGEST_LENGTH = 16


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is the person, `note` why. `approve` agrees to what another person has asked for."""

    by: str
    note: str = ""
    approve: bool = False
    dry_run: bool = False


class Corrections:
    """Raises Refused, Unavailable."""

    def __init__(
        self,
        ledger: Ledger,
        journal: JournalTable,
        balances: BalanceTable,
        orders: OrderBook,
        reference: ReferenceTable,
        now: Callable[[], datetime],
        payments: PaymentTable | None = None,
    ) -> None:
        """`payments` is for those who correct what was booked to customers."""
        self._ledger = ledger
        self._journal = journal
        self._balances = balances
        self._orders = orders
        self._reference = reference
        self._now = now
        self._payments = payments

    def correct(self, header_id: str, change: Change, told: Instruction) -> dict[str, Any]:
        """Correct a header; `change` is not needed to approve what is asked for it."""
        chain = self._chain(header_id)
        if told.approve:
            change = self._asked_change(correction_header_id(header_id))
        return self.carry_out(correct(chain, change, ""), change, told)

    def carry_out(self, booking: Booking, change: Change, told: Instruction) -> dict[str, Any]:
        """Book it, or keep the order for a second person, or say what would be."""
        standing = self._journal.get(booking.header_id)
        if standing is not None:
            return _met(booking, standing)
        order = self._order(booking, change, told)
        needs_approval = is_above(booking, self._reference.correction_caps())
        seen = _told(booking, needs_approval=needs_approval, order=order)
        balance = self._balance_of(booking)
        if told.dry_run:
            return seen | moves_of(booking, balance) | {"result": "WOULD_CORRECT"}
        if told.approve:
            order = self._orders.agree(order)
        else:
            order = self._orders.ask(order)
            if needs_approval:
                return seen | moves_of(booking, balance) | {"result": "WAITS_FOR_APPROVAL"}
        return seen | self._book(msgspec.structs.replace(booking, causation_id=order.id))

    def _chain(self, header_id: str) -> list[StoredHeader]:
        """The header and all that it corrects."""
        wanted = chain_of(header_id)
        found = self._journal.get_many(wanted)
        if header_id not in found:
            raise Refused("NOT_FOUND", f"there is no header {header_id}")
        return [found[each] for each in wanted]

    def _asked_change(self, slot: str) -> Change:
        asked = self._orders.asked(slot)
        if not asked:
            raise Refused("NOT_ASKED", f"nobody has asked for {slot}: there is nothing to approve")
        latest = max(asked, key=lambda order: order.at)
        return msgspec.json.decode(latest.change, type=Change)

    def _order(self, booking: Booking, change: Change, told: Instruction) -> CorrectionOrder:
        return CorrectionOrder(
            slot=booking.header_id,
            digest=booking.checksum[:_DIGEST_LENGTH],
            by=told.by,
            at=self._now().isoformat(timespec="milliseconds"),
            note=told.note,
            change=msgspec.json.encode(change).decode(),
        )

    def _book(self, booking: Booking) -> dict[str, Any]:
        for _ in range(_DERIVATIONS_MAX):
            balance = self._balance_of(booking)
            match self._ledger.book(booking, balance, self._now()):
                case Booked():
                    return moves_of(booking, balance) | {"result": "CORRECTED"}
                case HeaderExists(header):
                    return _met(booking, header)
                case Moved():
                    continue
                case _:
                    raise Refused(
                        "CHANGED_MEANWHILE", "the record has a parked outcome: look at it"
                    )
        raise Unavailable(f"{booking.header_id} met a moving balance {_DERIVATIONS_MAX} times")

    def _balance_of(self, booking: Booking) -> BalanceRow | None:
        if booking.customer is None:
            return None
        balance = self._balances.read(booking.customer, booking.currency or "")
        if balance is None:
            raise Refused("UNKNOWN_ACCOUNT", f"{booking.customer} has no balance row")
        if balance.status == CLOSED:
            raise Refused("ACCOUNT_CLOSED", f"{booking.customer} is closed: open it first")
        self._refuse_disputed(booking)
        return balance

    def _refuse_disputed(self, booking: Booking) -> None:
        """What a dispute has given back, or may, is not given back by a correction too.

        Looked at after the balance row was read: a dispute that comes between moves that row.
        """
        root = self._journal.get(root_of(booking.corrects or booking.header_id))
        state = root.posted.payment if root else None
        if state is None or not principal_given_back(booking.legs, booking.customer or ""):
            return
        if self._payments is None:
            raise ValueError(f"{booking.header_id} is of a payment, and there is no table")
        life = self._payments.get(state.payment_id)
        if life is not None and life.payment.credited:
            raise Refused(
                "DISPUTED",
                f"a dispute of {state.payment_id} has credited {life.payment.credited} minor units:"
                " './posting dispute lose' it, then correct",
            )


def _met(booking: Booking, standing: StoredHeader) -> dict[str, Any]:
    """The slot is taken: by the same correction, or by another one."""
    if standing.posted.checksum == booking.checksum:
        return _told(booking) | {"result": "CORRECTED", "already": True}
    raise Refused(
        "ALREADY_CORRECTED",
        f"{booking.header_id} is booked with other content: correct that one if it is wrong",
    )


def _told(booking: Booking, **more: Any) -> dict[str, Any]:
    order = more.pop("order", None)
    told = {"header_id": booking.header_id, "corrects": booking.corrects, **more}
    if order is not None:
        told["order"] = order.digest
    return told | {"legs": msgspec.to_builtins(booking.legs)}


def moves_of(booking: Booking, balance: BalanceRow | None) -> dict[str, Any]:
    """What becomes of the customer's balance."""
    if balance is None:
        return {}
    return {
        "customer": {
            "account": balance.account,
            "currency": balance.currency,
            "before": balance.posted,
            "net": booking.net,
            "after": balance.posted + booking.net,
        }
    }
