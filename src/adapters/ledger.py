"""The posting transaction: header, balance, statement line and guards in one write, or none of
them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from adapters import transactions
from adapters.balances import BalanceTable
from adapters.journal import JournalTable, stored_header
from adapters.parked import ParkedTable
from adapters.parked_row import PROVISIONAL
from adapters.payments import PaymentTable
from domain.booking import BalanceRow, Booking, posted_of
from domain.events import CustomerEffect, HoldEffect, Posted
from domain.header import StoredHeader
from domain.lifecycle import Change
from domain.message_type import parse_mti

# Header, parked row, purchase, line, balance and payment.
_ACTIONS = 6


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


class BookedTogether(msgspec.Struct, frozen=True):
    """All of a batch are written now."""


class Apart(msgspec.Struct, frozen=True):
    """Nothing is written: the bookings at these places meet a header, an outcome or a purchase, and
    must be booked by themselves.
    """

    places: tuple[int, ...]


type Outcome = Booked | HeaderExists | OutcomeExists | PurchaseExists | Moved
type Refusals = dict[Named, dict[str, Any]]


class Entry(NamedTuple):
    """A booking, and the balance row that it was derived from: that after the entry before it."""

    booking: Booking
    balance: BalanceRow | None


class Named(NamedTuple):
    """An action of a transaction. `place` is that of the only entry that it is of, else None."""

    what: str
    place: int | None = None


class Ledger:
    """`book` and `book_together` are the only ways money moves for a customer."""

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
        entry, posted = Entry(booking, balance), header_of(booking, balance, booked_at)
        actions = self._actions([entry], booked_at)
        outcome = _read(posted, self._write(actions))
        if isinstance(outcome, OutcomeExists) and outcome.row.get("reason") in PROVISIONAL:
            resolve = self._parked.resolve(booking.ingest_id, booking.msg_id, booked_at)
            outcome = _read(posted, self._write(actions | {Named("parked", 0): resolve}))
        return outcome

    def book_together(
        self, entries: Sequence[Entry], booked_at: datetime
    ) -> BookedTogether | Apart | Moved:
        """Write several bookings in one transaction: all of them or none. Raises Unavailable."""
        refused = self._write(self._actions(entries, booked_at))
        apart = tuple(sorted({name.place for name in refused if name.place is not None}))
        if apart:
            return Apart(apart)
        return Moved() if refused else BookedTogether()

    def _actions(
        self, entries: Sequence[Entry], booked_at: datetime
    ) -> dict[Named, dict[str, Any]]:
        """The transaction of these bookings, one after the other.

        No two actions may be of one item: a balance or a payment that several of them move is
        written once, from the state that the first has read to the one that the last has made.
        """
        actions: dict[Named, dict[str, Any]] = {}
        purchases: set[str] = set()
        for place, (booking, balance) in enumerate(entries):
            posted = header_of(booking, balance, booked_at)
            actions[Named("header", place)] = self._journal.put_header(posted, booking)
            guard = self._parked.condition_free(booking.ingest_id, booking.msg_id)
            actions[Named("parked", place)] = guard
            purchase = booking.purchase_id
            if purchase is not None and purchase not in purchases:
                purchases.add(purchase)
                kind = parse_mti(booking.mti or "").function
                put = self._journal.put_purchase(purchase, kind)
                actions[Named("purchase", place)] = put
            if posted.customer is not None:
                line = self._journal.put_line(posted, posted.customer)
                actions[Named(f"line {place}")] = line
        return actions | self._balance_actions(entries) | self._payment_actions(entries)

    def _balance_actions(self, entries: Sequence[Entry]) -> dict[Named, dict[str, Any]]:
        first: dict[str, BalanceRow] = {}
        last: dict[str, BalanceRow] = {}
        funds: dict[str, int] = {}
        for booking, balance in entries:
            if balance is None or not booking.moves_balance:
                continue
            key = f"balance {balance.account} {balance.currency}"
            before = first.setdefault(key, balance)
            last[key] = balance.after(booking)
            if booking.funded:
                # What the entries before leave for it must be there.
                needed = booking.held + before.available - balance.available
                funds[key] = max(needed, funds.get(key, needed))
        return {
            Named(key): self._balances.moved(before, last[key], funds.get(key))
            for key, before in first.items()
        }

    def _payment_actions(self, entries: Sequence[Entry]) -> dict[Named, dict[str, Any]]:
        changes: dict[str, Change] = {}
        for booking, _ in entries:
            if booking.change is not None:
                payment_id = booking.change.after.payment.payment_id
                before = changes.get(payment_id)
                changes[payment_id] = before.then(booking.change) if before else booking.change
        if changes and self._payments is None:
            raise ValueError("a booking of a payment, and there is no table of payments")
        return {
            Named(f"{what} {payment_id}"): action
            for payment_id, change in changes.items()
            if self._payments is not None
            for what, action in self._payments.put(change).items()
        }

    def _write(self, actions: dict[Named, dict[str, Any]]) -> Refusals:
        refusals = transactions.write(self._client, list(actions.values()))
        names = list(actions)
        return {names[index]: item for index, item in refusals.items()}


def most_actions(booking: Booking) -> int:
    """How many actions a booking has at most in a transaction that it shares with others."""
    pointers = len(booking.change.keys) if booking.change else 0
    return _ACTIONS + pointers


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


def _read(posted: Posted, refused: Refusals) -> Outcome:
    """The first refusal in the order in which they matter."""
    if Named("header", 0) in refused:
        return HeaderExists(stored_header(refused[Named("header", 0)]))
    if Named("parked", 0) in refused:
        return OutcomeExists(refused[Named("parked", 0)])
    if Named("purchase", 0) in refused:
        return PurchaseExists()
    return Moved() if refused else Booked(posted)
