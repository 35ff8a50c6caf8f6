"""Tables as they are, read strongly, under what the messages before would change in them.

Nothing here writes. What a message would change is remembered for the messages after it: a dry run
carries it from one call to the next, and a batch writes it in one transaction.
"""

from typing import Any, NamedTuple

import msgspec

from adapters.balances import BalanceTable, balance_key
from adapters.claims import Claim
from adapters.derivation import Derivation
from adapters.journal import JournalTable
from adapters.payments import PaymentTable
from adapters.posting_rules import PostingRules
from domain.booking import BalanceRow, Booking
from domain.events import Posted
from domain.foresight import Case, Foreseen
from domain.header import StoredHeader
from domain.life import Life
from domain.lifecycle import Change
from domain.matching import Keys
from domain.message_type import parse_mti


class Tables(NamedTuple):
    """A client, and the tables' names."""

    client: Any
    journal: str
    balances: str
    payments: str


class SoFar(msgspec.Struct, frozen=True, kw_only=True):
    """Claims by msg_id, responses by the key of their pair, balances by key, purchases, payments
    and their pointers by theirs, and the headers that a payment may undo.

    `requests` are those that wait, by the key of their pair; `waiting` what waits for another
    message of its payment, by ingest_id.
    """

    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
    responses: dict[str, str] = msgspec.field(default_factory=dict)
    balances: dict[str, BalanceRow] = msgspec.field(default_factory=dict)
    purchases: dict[str, str] = msgspec.field(default_factory=dict)
    payments: dict[str, Life] = msgspec.field(default_factory=dict)
    pointers: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, StoredHeader] = msgspec.field(default_factory=dict)
    requests: dict[str, list[Foreseen]] = msgspec.field(default_factory=dict)
    waiting: dict[str, Case] = msgspec.field(default_factory=dict)

    def enter(
        self, booking: Booking, balance: BalanceRow | None, posted: Posted
    ) -> BalanceRow | None:
        """Remember a booking and its header; the balance row after it, or None where it moves
        none.
        """
        if booking.purchase_id is not None:
            self.purchases[booking.purchase_id] = kind_of(booking)
        if booking.change is not None:
            self.take(booking.change)
            self.headers[posted.header_id] = StoredHeader(
                posted=posted,
                causation_id=booking.causation_id,
                business_time=booking.business_time,
            )
        if balance is None or not booking.moves_balance:
            return None
        after = balance.after(booking)
        self.balances[balance_key(balance.account, balance.currency)] = after
        return after

    def take(self, change: Change) -> None:
        """The payment after a message, and the keys that point to it."""
        payment_id = change.after.payment.payment_id
        known = change.before.keys if change.before else ()
        keys = (*known, *(key for key in change.keys if key not in known))
        self.payments[payment_id] = msgspec.structs.replace(change.after, keys=keys)
        self.pointers.update(dict.fromkeys(keys, payment_id))

    def presented_otherwise(self, booking: Booking) -> bool:
        """Whether a message before, of the other kind, has the purchase."""
        known = self.purchases.get(booking.purchase_id or "")
        return known is not None and known != kind_of(booking)


class OverlaidBalances(BalanceTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def read(self, account: str, currency: str) -> BalanceRow | None:
        known = self._so_far.balances.get(balance_key(account, currency))
        return known or super().read(account, currency)


class OverlaidJournal(JournalTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def get(self, header_id: str) -> StoredHeader | None:
        return self._so_far.headers.get(header_id) or super().get(header_id)

    def is_presented_otherwise(self, booking: Booking) -> bool:
        """Whether the other kind of message has the purchase."""
        if booking.purchase_id is None:
            return False
        if booking.purchase_id in self._so_far.purchases:
            return self._so_far.presented_otherwise(booking)
        kind = self.presented_as(booking.purchase_id)
        return kind is not None and kind != kind_of(booking)


class OverlaidPayments(PaymentTable):
    def __init__(self, client: Any, table: str, so_far: SoFar) -> None:
        super().__init__(client, table)
        self._so_far = so_far

    def pointers(self, keys: Keys) -> dict[str, str]:
        ours = {key: self._so_far.pointers[key] for key in keys.all if key in self._so_far.pointers}
        return super().pointers(keys) | ours

    def get(self, payment_id: str) -> Life | None:
        return self._so_far.payments.get(payment_id) or super().get(payment_id)


def derivation_over(tables: Tables, rules: PostingRules, so_far: SoFar) -> Derivation:
    """The derivation of the money path, for a message that comes after these."""
    return Derivation(
        OverlaidPayments(tables.client, tables.payments, so_far),
        OverlaidBalances(tables.client, tables.balances, so_far),
        OverlaidJournal(tables.client, tables.journal, so_far),
        rules,
    )


def kind_of(booking: Booking) -> str:
    return parse_mti(booking.mti or "").function
