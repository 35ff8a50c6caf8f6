"""A card payment: counters over all of its messages, and what can be read off them.

The counters are the truth; the label and the open hold are derived, so that two messages that are
applied in either order leave the same payment. Amounts are minor units of the account's currency.
"""

from enum import StrEnum

import msgspec


class Label(StrEnum):
    """What a person calls the state of a payment."""

    NONE = "NONE"
    PENDING_MATCH = "PENDING_MATCH"
    REVERSED_UNMATCHED = "REVERSED_UNMATCHED"
    AUTHORISED = "AUTHORISED"
    PARTIALLY_REVERSED = "PARTIALLY_REVERSED"
    REVERSED = "REVERSED"
    EXPIRED = "EXPIRED"
    PARTIALLY_CLEARED = "PARTIALLY_CLEARED"
    CLEARED = "CLEARED"
    CLEARED_LATE = "CLEARED_LATE"
    FORCE_POSTED = "FORCE_POSTED"
    OVER_CLEARED = "OVER_CLEARED"
    CLEARING_REVERSED = "CLEARING_REVERSED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    REFUND_UNLINKED = "REFUND_UNLINKED"
    DISPUTED = "DISPUTED"
    DISPUTE_WON = "DISPUTE_WON"
    DISPUTE_LOST = "DISPUTE_LOST"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one payment.

    Each counter only grows. `complete` says that a final clearing has come: whatever is still
    held is released, also when the authorisation arrives after it. `single`: it was cleared by the
    response to a request, so no authorisation belongs to it. `unlinked` was refunded without a
    purchase of ours, `unmatched` counts reversals that never found what they reverse. `written_off`
    is that part of `dispute_lost` which we bear: the customer keeps its credit. `accepted` is what
    people have found right of what was cleared beyond the authorisation.
    `lives_until` is the latest instant (ISO, UTC) that a part of the hold was given. `version`
    counts the writes.
    """

    payment_id: str
    account: str
    currency: str
    authorised: int = 0
    incremented: int = 0
    reversed: int = 0
    expired: int = 0
    cleared: int = 0
    clearing_reversed: int = 0
    refunded: int = 0
    disputed: int = 0
    dispute_won: int = 0
    dispute_lost: int = 0
    written_off: int = 0
    accepted: int = 0
    unlinked: int = 0
    unmatched: int = 0
    complete: bool = False
    single: bool = False
    lives_until: str = ""
    version: int = 0

    @property
    def approved(self) -> int:
        """All that was ever authorised."""
        return self.authorised + self.incremented

    @property
    def held(self) -> int:
        """What the hold keeps from the customer now."""
        if self.complete:
            return 0
        return max(0, self.approved - self.reversed - self.expired - self.cleared)

    @property
    def due(self) -> str | None:
        """When the hold expires, None while nothing is held."""
        return self.lives_until if self.held else None

    @property
    def kept(self) -> int:
        """What was cleared and neither reversed nor refunded: the most that may still go back."""
        return self.cleared - self.clearing_reversed - self.refunded

    @property
    def over_cleared(self) -> int:
        """What was cleared, and not reversed, beyond an authorisation that stood."""
        authorised = self.approved - self.reversed
        if authorised <= 0 or self.expired:
            return 0
        return max(0, self.cleared - self.clearing_reversed - authorised)

    @property
    def excess(self) -> int:
        """What is left of that: neither refunded, nor credited by a dispute, nor accepted."""
        return max(0, self.over_cleared - self.refunded - self.credited - self.accepted)

    @property
    def credited(self) -> int:
        """What disputes have given the customer, provisionally or for good."""
        return self.disputed - self.dispute_lost + self.written_off

    @property
    def disputable(self) -> int:
        """What was kept, and no dispute has given back."""
        return self.kept - self.credited

    @property
    def label(self) -> Label:
        """Read off the counters, the latest part of the life first."""
        return (
            _dispute_label(self)
            or _return_label(self)
            or _clearing_label(self)
            or _hold_label(self)
        )


def _dispute_label(payment: Payment) -> Label | None:
    if payment.disputed == 0:
        return None
    if payment.disputed > payment.dispute_won + payment.dispute_lost:
        return Label.DISPUTED
    return Label.DISPUTE_WON if payment.dispute_won else Label.DISPUTE_LOST


def _return_label(payment: Payment) -> Label | None:
    if payment.cleared == 0:
        return None
    if payment.clearing_reversed == payment.cleared:
        return Label.CLEARING_REVERSED
    if payment.refunded == 0:
        return None
    return Label.REFUNDED if payment.kept == 0 else Label.PARTIALLY_REFUNDED


def _clearing_label(payment: Payment) -> Label | None:
    if payment.cleared == 0:
        return None
    if payment.approved == 0:
        return Label.CLEARED if payment.single else Label.FORCE_POSTED
    if payment.expired or payment.reversed >= payment.approved:
        return Label.CLEARED_LATE
    if payment.over_cleared:
        return Label.OVER_CLEARED
    return Label.CLEARED if payment.held == 0 else Label.PARTIALLY_CLEARED


def _hold_label(payment: Payment) -> Label:
    if payment.approved == 0:
        return _lone_label(payment)
    if payment.expired:
        return Label.EXPIRED
    if payment.reversed >= payment.approved:
        return Label.REVERSED
    return Label.PARTIALLY_REVERSED if payment.reversed else Label.AUTHORISED


def _lone_label(payment: Payment) -> Label:
    if payment.unlinked:
        return Label.REFUND_UNLINKED
    return Label.REVERSED_UNMATCHED if payment.unmatched else Label.NONE
