"""Claims and ledger as they are, read strongly, and what the messages before would change in them.

Nothing here writes: a claim, a balance and a purchase that a message would move are remembered for
the messages after it, and travel with the caller from one call to the next.
"""

from datetime import datetime

import msgspec

from adapters.balances import BalanceTable, balance_key
from adapters.claims import Claim, ClaimTable
from adapters.deduplication import repeat_of
from adapters.journal import JournalTable
from adapters.ledger import effect_of
from adapters.parked import CONFLICT, DUPLICATE, ParkedRow
from domain import chart
from domain.booking import (
    SECOND_PRESENTMENT,
    BalanceRow,
    Booking,
    book_decided,
    posted_of,
    primary_header_id,
)
from domain.events import CustomerEffect, Decided, Posted
from domain.foresight import BalanceMove
from domain.header import StoredHeader
from domain.message_type import parse_mti
from domain.posting import movements_of
from domain.received import Received


class SoFar(msgspec.Struct, frozen=True, kw_only=True):
    """By msg_id, by key of the balance row, and by purchase."""

    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
    balances: dict[str, BalanceRow] = msgspec.field(default_factory=dict)
    purchases: dict[str, str] = msgspec.field(default_factory=dict)


class Taken(msgspec.Struct, frozen=True):
    """The slot of the message has a header of another record."""

    header: StoredHeader
    reason: str


class DryBooks:
    def __init__(self, claims: ClaimTable, journal: JournalTable, balances: BalanceTable) -> None:
        self._claims = claims
        self._journal = journal
        self._balances = balances

    def admit(self, record: Received, so_far: SoFar, at: str) -> ParkedRow | None:
        """As Deduplication would: None when the record would speak for its message, which is
        remembered; else the row that would be parked.
        """
        standing = so_far.claims.get(record.msg_id) or self._claims.get(record.msg_id)
        if standing is not None:
            return repeat_of(record, standing, at)
        so_far.claims[record.msg_id] = Claim(
            owner=record.ingest_id, fingerprint=record.fingerprint, fields=record.fields
        )
        return None

    def header_of(self, record: Decided) -> Taken | None:
        """The booking that the message has already, under another record."""
        header = self._journal.get(primary_header_id(record.msg_id))
        if header is None:
            return None
        same = header.posted.fingerprint == record.fingerprint
        return Taken(header, DUPLICATE if same else CONFLICT)

    def book(
        self, event_id: str, business_time: str, record: Decided, so_far: SoFar, at: datetime
    ) -> tuple[Posted, BalanceMove | None]:
        """The header that the decision would get, and the balance around it, as Poster and Ledger
        make them; remembered for the messages after it.
        """
        balance = self._balance_of(record, so_far)
        booking = book_decided(event_id, business_time, record, balance, None)
        if self._presented_otherwise(booking, so_far):
            booking = book_decided(event_id, business_time, record, balance, SECOND_PRESENTMENT)
        if booking.purchase_id is not None:
            so_far.purchases[booking.purchase_id] = _kind(booking)
        effect = effect_of(booking, balance)
        posted = posted_of(booking, effect, at)
        if effect is None or balance is None:
            return posted, None
        moved = _moved(balance, posted, effect)
        so_far.balances[balance_key(balance.account, balance.currency)] = moved
        return posted, _move(balance, moved, effect)

    def _balance_of(self, record: Decided, so_far: SoFar) -> BalanceRow | None:
        if record.account is None or record.decision.outcome != "APPROVED":
            return None
        account = chart.customer(record.account.account_id)
        known = so_far.balances.get(balance_key(account, record.account.currency))
        return known or self._balances.read(account, record.account.currency)

    def _presented_otherwise(self, booking: Booking, so_far: SoFar) -> bool:
        if booking.purchase_id is None:
            return False
        kind = so_far.purchases.get(booking.purchase_id) or self._journal.presented_as(
            booking.purchase_id
        )
        return kind is not None and kind != _kind(booking)


def _kind(booking: Booking) -> str:
    return parse_mti(booking.mti or "").function


def _moved(row: BalanceRow, posted: Posted, effect: CustomerEffect) -> BalanceRow:
    """The row after the update of the posting transaction."""
    moved = movements_of(posted.legs)[(effect.account, effect.currency)]
    return msgspec.structs.replace(
        row,
        posted_d=row.posted_d + moved.debit,
        posted_c=row.posted_c + moved.credit,
        available=row.available + moved.net,
        version=row.version + 1,
        posting_no=row.posting_no + 1,
    )


def _move(before: BalanceRow, after: BalanceRow, effect: CustomerEffect) -> BalanceMove:
    return BalanceMove(
        account=before.account,
        currency=before.currency,
        net=effect.net,
        posted_before=before.posted,
        posted_after=after.posted,
        available_before=before.available,
        available_after=after.available,
        posting_no=effect.posting_no,
    )
