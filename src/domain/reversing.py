"""Undoing what was booked, with the amounts that were booked: never with another day's rate."""

from collections.abc import Sequence

from domain.apportionment import apportion
from domain.money import Money
from domain.posting import POSTED, Posting

REVERSE = "REVERSE"


def mirror(
    booked: Sequence[Posting], whole: int, undone_before: int, undone_after: int
) -> tuple[Posting, ...]:
    """The postings that take a booking from one degree of being undone to a higher one.

    `whole` is the booking's amount in minor units of any one currency, the other two how much of
    it was undone before this and is undone with it. Partial reversals that reach the same degree
    sum to the same postings, whatever their order and number; the last one leaves nothing.
    """
    if not 0 <= undone_before <= undone_after <= whole:
        raise ValueError(f"from {undone_before} to {undone_after} of {whole} is no reversal")
    before = _undone(booked, whole, undone_before)
    after = _undone(booked, whole, undone_after)
    return tuple(
        Posting(posting.credit, posting.debit, Money(more, posting.amount.currency), posting.code)
        for posting, less, most in zip(booked, before, after, strict=True)
        if posting.layer == POSTED and (more := most - less)
    )


def _undone(booked: Sequence[Posting], whole: int, undone: int) -> list[int]:
    """How much of each posting is undone, so that each currency's total is its rounded share."""
    shares = [0] * len(booked)
    for currency in dict.fromkeys(posting.amount.currency for posting in booked):
        places = [
            at
            for at, posting in enumerate(booked)
            if posting.amount.currency == currency and posting.layer == POSTED
        ]
        parts = [booked[at].amount.amount for at in places]
        total = (2 * sum(parts) * undone + whole) // (2 * whole)
        for at, share in zip(places, apportion(parts, total), strict=True):
            shares[at] = share
    return shares
