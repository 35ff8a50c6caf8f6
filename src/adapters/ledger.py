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
from domain.booking import BalanceRow, Booking, posted_of
from domain.events import CustomerEffect, Posted
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


class BalanceMoved(msgspec.Struct, frozen=True):
    """The balance is not the one that was read: derive again."""


type Outcome = Booked | HeaderExists | OutcomeExists | PurchaseExists | BalanceMoved


class Ledger:
    """`book` is the only way money moves for a customer."""

    def __init__(
        self, client: Any, journal: JournalTable, balances: BalanceTable, parked_rows: ParkedTable
    ) -> None:
        self._client = client
        self._journal = journal
        self._balances = balances
        self._parked = parked_rows

    def book(self, booking: Booking, balance: BalanceRow | None, booked_at: datetime) -> Outcome:
        """Write a booking against the balance row it was derived from.

        Raises Unavailable when the transaction meets conflicts or throttling again and again.
        """
        effect = effect_of(booking, balance)
        posted = posted_of(booking, effect, booked_at)
        outcome = self._write(
            booking, posted, balance, self._parked.condition_free(booking.ingest_id, booking.msg_id)
        )
        if isinstance(outcome, OutcomeExists) and outcome.row.get("reason") == parked.FAILED:
            # A failure on the way was parked before this delivery made it: the booking mends it.
            resolve = self._parked.resolve_failed(booking.ingest_id, booked_at)
            outcome = self._write(booking, posted, balance, resolve)
        return outcome

    def _write(
        self, booking: Booking, posted: Posted, balance: BalanceRow | None, guard: dict[str, Any]
    ) -> Outcome:
        actions = {"header": self._journal.put_header(posted, booking), "parked": guard}
        if booking.purchase_id is not None:
            kind = parse_mti(booking.mti or "").function
            actions["purchase"] = self._journal.put_purchase(booking.purchase_id, kind)
        if posted.customer is not None and balance is not None:
            actions["balance"] = self._balances.booked(balance, booking.moved, booking.receivable)
            actions["line"] = self._journal.put_line(posted, posted.customer)
        refusals = transactions.write(self._client, list(actions.values()))
        names = list(actions)
        return _read(posted, {names[index]: item for index, item in refusals.items()})


def effect_of(booking: Booking, balance: BalanceRow | None) -> CustomerEffect | None:
    """What the booking does to the row, or None for a booking without a customer."""
    if booking.customer is None or booking.currency is None or balance is None:
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
    if "balance" in refused or "line" in refused:
        return BalanceMoved()
    return Booked(posted)
