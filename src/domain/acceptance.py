"""Accepting what a payment cleared beyond its authorisation: a person says that it is right."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from domain.booking import Booking, primary_header_id
from domain.dispute_booking import Ordered
from domain.dispute_order import disputed_clearing
from domain.errors import Refused
from domain.life import ACCEPT, Life, Taken
from domain.lifecycle import Change
from domain.money import Money
from domain.payment_steps import AcceptExcess, Applied, advance

ACCEPTED = "EXCESS_ACCEPTED"


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is in minor units of `currency`, which must be the payment's. `case` tells two
    excesses of one amount apart.
    """

    amount: Annotated[int, Meta(gt=0, le=10**15)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    case: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{0,32}$")] = ""
    action: Literal["accept"] = "accept"

    @property
    def fingerprint(self) -> str:
        """What is ordered; who ordered it, and why, is no part of it."""
        return f"ACCEPT {self.amount} {self.currency}"


def acceptance_header_id(life: Life, order: Acceptance) -> str:
    """The same order twice is one. Raises Refused for a payment that was not cleared."""
    clearing = primary_header_id(disputed_clearing(life).msg_id)
    return "#".join(part for part in (clearing, "ACCEPT", order.case, str(order.amount)) if part)


def accept_excess(order: Acceptance, life: Life, ordered: Ordered) -> Booking:
    """A header without legs, which moves the payment alone. Raises Refused: what is accepted must
    be there.
    """
    header_id, clearing = acceptance_header_id(life, order), disputed_clearing(life)
    _refuse(order, life)
    advanced = advance(life.payment, AcceptExcess(amount=order.amount))
    if not isinstance(advanced, Applied):
        raise Refused("NOT_ACCEPTABLE", f"{life.payment.payment_id} does not take it: {advanced}")
    taken = Taken(
        header_id=header_id,
        msg_id=clearing.msg_id,
        ingest_id=clearing.ingest_id,
        kind=ACCEPT,
        key=f"ACCEPT#{order.case}",
        at=ordered.at,
        amount=order.amount,
        transaction=Money(order.amount, order.currency),
    )
    after = replace(life, payment=advanced.payment, taken=(*life.taken, taken))
    return Booking(
        header_id=header_id,
        purpose=ACCEPTED,
        msg_id=clearing.msg_id,
        ingest_id=clearing.ingest_id,
        fingerprint=order.fingerprint,
        legs=(),
        value_date=ordered.at[:10],
        network=life.network,
        token=life.token,
        last4=life.last4,
        narrative="Accepted: cleared beyond the authorisation",
        causation_id=ordered.order_id,
        business_time=ordered.at,
        decided=ordered.decided(ACCEPTED, case=order.case),
        change=Change(before=life, after=after, held=advanced.held),
    )


def _refuse(order: Acceptance, life: Life) -> None:
    payment = life.payment
    if order.currency != payment.currency:
        told = f"the payment is in {payment.currency}, not in {order.currency}"
        raise Refused("CURRENCY_DIFFERS", told)
    if not payment.excess:
        told = f"{payment.payment_id} has nothing left that is cleared beyond its authorisation"
        raise Refused("NOTHING_TO_ACCEPT", told)
    if order.amount > payment.excess:
        told = f"{payment.excess} {payment.currency} minor units of {payment.payment_id}"
        raise Refused("MORE_THAN_EXCESS", f"{told} are too much, not {order.amount}")
