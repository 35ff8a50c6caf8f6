"""The life of a card payment as it is kept: its counters, the messages that made them, and those
that wait for others.
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from domain import identity
from domain.events import PaymentState
from domain.money import Money
from domain.payment import Label, Payment

AUTHORISE, INCREMENT, REVERSE = "AUTHORISE", "INCREMENT", "REVERSE"
CLEAR, REFUND, EXPIRE = "CLEAR", "REFUND", "EXPIRE"
# What a person ordered, and no message said.
DISPUTE, WIN, LOSE, ACCEPT = "DISPUTE", "WIN", "LOSE", "ACCEPT"

_COUNTERS = (
    "authorised",
    "incremented",
    "reversed",
    "expired",
    "cleared",
    "clearing_reversed",
    "refunded",
    "unlinked",
    "disputed",
    "dispute_won",
    "dispute_lost",
    "written_off",
    "accepted",
)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the payment took, under the header that it was booked as.

    `amount` is what it counts for in minor units of the account's currency, `transaction` what its
    sender said, `undone` how much of that was reversed or refunded since.
    """

    header_id: str
    msg_id: str
    ingest_id: str
    kind: str
    key: str
    at: str
    amount: int
    transaction: Money
    undone: int = 0


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A record that waits for another message of the payment until `due` (ISO, UTC)."""

    ingest_id: str
    due: str


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """`payment.account` is empty while nobody knows it: a message may wait for the one that says
    it. `keys` are those that point to this payment.
    """

    payment: Payment
    network: str
    token: str
    last4: str
    taken: tuple[Taken, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def due(self) -> str | None:
        """When a timer ends next: the hold's, or that of a message that waits."""
        ends = [each.due for each in self.waiting]
        hold = self.payment.due
        return min([*ends, hold] if hold else ends, default=None)

    @property
    def label(self) -> Label:
        label = self.payment.label
        return Label.PENDING_MATCH if label is Label.NONE and self.waiting else label

    @property
    def state(self) -> PaymentState:
        """What the payment's events say of it."""
        payment = self.payment
        return PaymentState(
            payment_id=payment.payment_id,
            label=self.label,
            version=payment.version,
            held=payment.held,
            counters={name: getattr(payment, name) for name in _COUNTERS if getattr(payment, name)},
        )

    def took(self, header_id: str) -> Taken | None:
        return next((each for each in self.taken if each.header_id == header_id), None)

    def waits(self, ingest_id: str) -> Waiting | None:
        return next((each for each in self.waiting if each.ingest_id == ingest_id), None)

    def with_waiting(self, waiting: Waiting) -> "Life":
        """The next version, in which this record waits."""
        return replace(
            self.next_version(), waiting=(*self.without(waiting.ingest_id).waiting, waiting)
        )

    def without(self, ingest_id: str) -> "Life":
        """The same, in which this record does not wait."""
        left = tuple(each for each in self.waiting if each.ingest_id != ingest_id)
        return replace(self, waiting=left)

    def next_version(self) -> "Life":
        return replace(self, payment=replace(self.payment, version=self.payment.version + 1))

    def undo(self, more: Mapping[str, int]) -> "Life":
        """With so much more undone of the messages of these headers."""
        taken = tuple(
            replace(each, undone=each.undone + more.get(each.header_id, 0)) for each in self.taken
        )
        return replace(self, taken=taken)


def new_life(first_key: str, network: str, token: str, last4: str) -> Life:
    """A payment of which nothing has come yet, named after a key of its first message."""
    payment = Payment(payment_id=identity.payment_id(first_key), account="", currency="")
    return Life(payment=payment, network=network, token=token, last4=last4)
