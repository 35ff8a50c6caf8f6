"""Tables as they are, read strongly, under what the messages before would change in them.

Nothing here writes. What a message would change is remembered for the messages after it, and
travels with the caller from one call to the next.
"""

from typing import Any

import msgspec

from adapters.balances import BalanceTable, balance_key
from adapters.claims import Claim
from adapters.journal import JournalTable
from adapters.payments import PaymentTable
from domain.booking import BalanceRow, Booking
from domain.header import StoredHeader
from domain.life import Life
from domain.lifecycle import Change
from domain.matching import Keys
from domain.message_type import parse_mti


class SoFar(msgspec.Struct, frozen=True, kw_only=True):
    """Claims by msg_id, responses by the key of their pair, balances by key, purchases, payments
    and their pointers by theirs, and the headers that a payment may undo.
    """

    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
    responses: dict[str, str] = msgspec.field(default_factory=dict)
    balances: dict[str, BalanceRow] = msgspec.field(default_factory=dict)
    purchases: dict[str, str] = msgspec.field(default_factory=dict)
    payments: dict[str, Life] = msgspec.field(default_factory=dict)
    pointers: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, StoredHeader] = msgspec.field(default_factory=dict)

    def move(self, row: BalanceRow, booking: Booking) -> BalanceRow:
        """The row after the posting transaction's update by this booking."""
        moved, held = booking.moved, booking.held
        after = msgspec.structs.replace(
            row,
            posted_d=row.posted_d + moved.debit,
            posted_c=row.posted_c + moved.credit,
            available=row.available + moved.net - held,
            held=row.held + held,
            receivable=row.receivable + booking.receivable,
            version=row.version + 1,
            posting_no=row.posting_no + int(booking.posts),
        )
        self.balances[balance_key(row.account, row.currency)] = after
        return after

    def take(self, change: Change) -> None:
        """The payment after a message, and the keys that point to it."""
        payment_id = change.after.payment.payment_id
        known = change.before.keys if change.before else ()
        keys = (*known, *(key for key in change.keys if key not in known))
        self.payments[payment_id] = msgspec.structs.replace(change.after, keys=keys)
        self.pointers.update(dict.fromkeys(keys, payment_id))


class DryBalances(BalanceTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def read(self, account: str, currency: str) -> BalanceRow | None:
        known = self._so_far.balances.get(balance_key(account, currency))
        return known or super().read(account, currency)


class DryJournal(JournalTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def get(self, header_id: str) -> StoredHeader | None:
        return self._so_far.headers.get(header_id) or super().get(header_id)

    def is_presented_otherwise(self, booking: Booking) -> bool:
        """Whether the other kind of message has the purchase."""
        if booking.purchase_id is None:
            return False
        kind = self._so_far.purchases.get(booking.purchase_id) or self.presented_as(
            booking.purchase_id
        )
        return kind is not None and kind != kind_of(booking)


class DryPayments(PaymentTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def pointers(self, keys: Keys) -> dict[str, str]:
        ours = {key: self._so_far.pointers[key] for key in keys.all if key in self._so_far.pointers}
        return super().pointers(keys) | ours

    def get(self, payment_id: str) -> Life | None:
        return self._so_far.payments.get(payment_id) or super().get(payment_id)


def kind_of(booking: Booking) -> str:
    return parse_mti(booking.mti or "").function
