"""Clearings of more than was authorised: booked whole, since the scheme is owed it, and flagged.

How much more is usual depends on the category of the merchant (a tip, a full tank) and is data of
the rule set. Beyond it a person must look.
"""

from typing import NamedTuple

from msgspec.structs import replace

from domain.booking import Booking
from domain.payment import Payment

OVER_CLEARED, OVER_TOLERANCE = "OVER_CLEARED", "OVER_TOLERANCE"


class Excess(NamedTuple):
    """What a payment has left beyond its authorisation, and what people have accepted of it: minor
    units of the account's currency.
    """

    left: int
    accepted: int = 0


def over_clears(booking: Booking) -> bool:
    """Whether it leaves the payment further above its authorisation than it was."""
    change = booking.change
    if change is None:
        return False
    before = change.before.payment.over_cleared if change.before else 0
    return change.after.payment.over_cleared > before


def flag_over_cleared(booking: Booking, percent: int) -> Booking:
    """With its flags. `percent` of what was authorised, and not reversed, is tolerated."""
    if not over_clears(booking) or booking.change is None:
        return booking
    payment = booking.change.after.payment
    flags = (*booking.flags, OVER_CLEARED)
    if payment.over_cleared > tolerated(payment, percent):
        flags = (*flags, OVER_TOLERANCE)
    return replace(booking, flags=flags)


def tolerated(payment: Payment, percent: int) -> int:
    """In minor units of the account's currency, rounded down."""
    return (payment.approved - payment.reversed) * percent // 100
