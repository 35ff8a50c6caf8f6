"""The posting transaction: header, balance, statement line and guards in one write, or none of
them.
"""

from datetime import datetime
from typing import Any

import msgspec

from adapters import parked, transactions
from adapters.balances import BalanceTable
from adapters.journal import JournalTable, stored_header
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from domain.booking import BalanceRow, Booking, posted_of
from domain.events import CustomerEffect, HoldEffect, Posted
from domain.header import StoredHeader
from domain.message_type import parse_mti


class Booked(msgspec.Struct, frozen=True):
    """Written now."""

    posted: Posted


class HeaderExists(msgspec.Struct, frozen=True):
    """The slot is taken: by this record in an earlier delivery, or by another one."""

    header: StoredHeader


class OutcomeExists(msgspec.Struct, frozen=True):
    """The record has a parked outcome that forbids a booking."""

    row: dict[str, Any]


class PurchaseExists(msgspec.Struct, frozen=True):
    """The other kind of message has booked this purchase."""


class Moved(msgspec.Struct, frozen=True):
    """Balance or payment are not the ones that were read: derive again."""


type Outcome = Booked | HeaderExists | OutcomeExists | PurchaseExists | Moved


class Ledger:
    """`book` is the only way money moves for a customer."""

    def __init__(
        self,
        client: Any,
        journal: JournalTable,
        balances: BalanceTable,
        parked_rows: ParkedTable,
        payments: PaymentTable | None = None,
    ) -> None:
        """`payments` is for those who book what a payment takes."""
        self._client = client
        self._journal = journal
        self._balances = balances
        self._parked = parked_rows
        self._payments = payments

    def book(self, booking: Booking, balance: BalanceRow | None, booked_at: datetime) -> Outcome:
        """Write a booking against the balance row it was derived from.

        Raises Unavailable when the transaction meets conflicts or throttling again and again.
        """
        posted = header_of(booking, balance, booked_at)
        outcome = self._write(
            booking, posted, balance, self._parked.condition_free(booking.ingest_id, booking.msg_id)
        )
        if isinstance(outcome, OutcomeExists) and outcome.row.get("reason") in parked.PROVISIONAL:
            resolve = self._parked.resolve(booking.ingest_id, booked_at)
            outcome = self._write(booking, posted, balance, resolve)
        return outcome

    def _write(
        self, booking: Booking, posted: Posted, balance: BalanceRow | None, guard: dict[str, Any]
    ) -> Outcome:
        actions = {"header": self._journal.put_header(posted, booking), "parked": guard}
        if booking.purchase_id is not None:
            kind = parse_mti(booking.mti or "").function
            actions["purchase"] = self._journal.put_purchase(booking.purchase_id, kind)
        if balance is not None:
            actions |= self._balance(booking, balance)
        if posted.customer is not None:
            actions["line"] = self._journal.put_line(posted, posted.customer)
        if booking.change is not None:
            if self._payments is None:
                raise ValueError(f"{booking.header_id} is of a payment, and there is no table")
            actions |= self._payments.put(booking.change)
        refusals = transactions.write(self._client, list(actions.values()))
        names = list(actions)
        return _read(posted, {names[index]: item for index, item in refusals.items()})

    def _balance(self, booking: Booking, balance: BalanceRow) -> dict[str, dict[str, Any]]:
        if booking.customer is None:
            return {}
        if booking.funded:
            return {"balance": self._balances.funded(balance, booking.held)}
        if not booking.posts and booking.held == 0:
            return {}
        update = self._balances.booked(
            balance, booking.moved, booking.receivable, booking.held, counts=booking.posts
        )
        return {"balance": update}


def header_of(booking: Booking, balance: BalanceRow | None, booked_at: datetime) -> Posted:
    """The header of a booking that meets this balance row."""
    effect, hold = effect_of(booking, balance), hold_effect_of(booking, balance)
    return posted_of(booking, effect, booked_at, hold)


def hold_effect_of(booking: Booking, balance: BalanceRow | None) -> HoldEffect | None:
    """What the booking does to the held money, or None where it leaves it alone."""
    if booking.customer is None or booking.currency is None or balance is None or not booking.held:
        return None
    return HoldEffect(
        account=booking.customer,
        currency=booking.currency,
        change=booking.held,
        held_after=balance.held + booking.held,
    )


def effect_of(booking: Booking, balance: BalanceRow | None) -> CustomerEffect | None:
    """What the booking does to the row, or None for a booking that posts nothing to a customer."""
    if booking.customer is None or booking.currency is None or balance is None:
        return None
    if not booking.posts:
        return None
    return CustomerEffect(
        account=booking.customer,
        currency=booking.currency,
        net=booking.net,
        balance_after=balance.posted + booking.net,
        posting_no=balance.posting_no + 1,
    )


def _read(posted: Posted, refused: dict[str, dict[str, Any]]) -> Outcome:
    """The first refusal in the order in which they matter."""
    if "header" in refused:
        return HeaderExists(stored_header(refused["header"]))
    if "parked" in refused:
        return OutcomeExists(refused["parked"])
    if "purchase" in refused:
        return PurchaseExists()
    return Moved() if refused else Booked(posted)
