"""What a person orders about a dispute, and the one slot in the journal that each order has."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.booking import primary_header_id
from domain.errors import Refused
from domain.life import CLEAR, Life, Taken
from domain.money import Money

OPENED, WON, LOST = "DISPUTE_OPENED", "DISPUTE_WON", "DISPUTE_LOST"
PURPOSES = frozenset({OPENED, WON, LOST})


class DisputeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is in minor units of `currency`, which must be the payment's.

    `reason` is the scheme's code for it (10.4, 4837). `case` tells disputes of one amount apart.
    `write_off`: what is lost is borne by us. `settled` is what the scheme pays for what is won,
    where it settles in another currency.
    """

    action: Literal["open", "win", "lose"]
    amount: Annotated[int, Meta(gt=0, le=10**15)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    reason: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,32}$")]
    case: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{0,32}$")] = ""
    write_off: bool = False
    settled: Money | None = None

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def key(self) -> str:
        """By which the payment finds what was ordered in this case; no message has such a key."""
        return f"DISPUTE#{self.case}"

    @property
    def direction(self) -> str | None:
        """Of the customer's money; None where it does not move."""
        if self.action == "open":
            return "CREDIT"
        return "DEBIT" if self.action == "lose" and not self.write_off else None

    @property
    def fingerprint(self) -> str:
        """What is ordered; who ordered it, and why, is no part of it."""
        parts = ["DISPUTE", self.action.upper(), str(self.amount), self.currency]
        parts += ["WRITTEN_OFF"] if self.write_off else []
        parts += [f"FOR {self.settled.amount} {self.settled.currency}"] if self.settled else []
        return " ".join(parts)


def disputed_clearing(life: Life) -> Taken:
    """The clearing that a payment's disputes are named after: its first one. Raises Refused."""
    first = next((each for each in life.taken if each.kind == CLEAR), None)
    if first is None:
        told = f"{life.payment.payment_id} was not cleared: there is nothing to dispute"
        raise Refused("NOT_CLEARED", told)
    return first


def dispute_header_id(life: Life, order: DisputeOrder) -> str:
    """The same order twice is one booking, by whichever id of the payment it is given.

    Raises Refused for a payment that was not cleared.
    """
    clearing = primary_header_id(disputed_clearing(life).msg_id)
    parts = (clearing, "DISPUTE", order.case, order.action.upper(), str(order.amount))
    return "#".join(part for part in parts if part)
