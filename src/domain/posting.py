"""Postings and the legs they are stored as.

A posting moves one amount of one currency from a debited to a credited account, so a sequence
that does not sum to zero per currency cannot be written down.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from domain.chart import CHART
from domain.money import Money

POSTED, PENDING = "posted", "pending"


class Posting(msgspec.Struct, frozen=True):
    """One movement; `code` says which part of the transaction it is (PRINCIPAL, FX_MARKUP ...).

    A pending posting journals a hold or its release: it moves no balance, only what is held. Both
    accounts are in the chart and kept in the currency: UnknownAccount and WrongCurrency otherwise.
    """

    debit: str
    credit: str
    amount: Money
    code: str
    layer: str = POSTED

    def __post_init__(self) -> None:
        if self.amount.amount <= 0:
            raise ValueError(f"a posting moves a positive amount, not {self.amount}")
        if self.debit == self.credit:
            raise ValueError(f"a posting moves money between two accounts, not within {self.debit}")
        CHART.check(self.debit, self.amount.currency)
        CHART.check(self.credit, self.amount.currency)


class Leg(msgspec.Struct, frozen=True):
    """One side of a posting: leg `n` of the sequence, `side` D or C, `amount` in minor units."""

    n: int
    account: str
    currency: str
    side: str
    amount: int
    layer: str
    code: str


def legs_of(postings: Sequence[Posting]) -> tuple[Leg, ...]:
    """Debit then credit of each posting, numbered from 1."""
    legs: list[Leg] = []
    for posting in postings:
        for side, account in (("D", posting.debit), ("C", posting.credit)):
            legs.append(
                Leg(
                    n=len(legs) + 1,
                    account=account,
                    currency=posting.amount.currency,
                    side=side,
                    amount=posting.amount.amount,
                    layer=posting.layer,
                    code=posting.code,
                )
            )
    return tuple(legs)


def postings_of(legs: Sequence[Leg]) -> tuple[Posting, ...]:
    """The postings that legs were made of, which come in pairs of debit and credit."""
    return tuple(
        Posting(
            debit=debit.account,
            credit=credit.account,
            amount=Money(debit.amount, debit.currency),
            code=debit.code,
            layer=debit.layer,
        )
        for debit, credit in zip(legs[::2], legs[1::2], strict=True)
    )


def totals_of(legs: Iterable[Leg]) -> dict[str, int]:
    """The sum of the posted debits per currency, which equals the sum of the credits."""
    totals: dict[str, int] = {}
    for leg in legs:
        if leg.side == "D" and leg.layer == POSTED:
            totals[leg.currency] = totals.get(leg.currency, 0) + leg.amount
    return totals


def imbalance_of(legs: Iterable[Leg]) -> dict[str, int]:
    """Debits less credits per currency, without the currencies that balance: {} is right."""
    sums: dict[str, int] = {}
    for leg in legs:
        signed = leg.amount if leg.side == "D" else -leg.amount
        sums[leg.currency] = sums.get(leg.currency, 0) + signed
    return {currency: total for currency, total in sums.items() if total}


class Movement(msgspec.Struct, frozen=True):
    """What a sequence does to one account in one currency, in minor units."""

    debit: int
    credit: int

    @property
    def net(self) -> int:
        """Credit less debit: positive is more money for a customer."""
        return self.credit - self.debit


def movements_of(legs: Iterable[Leg]) -> dict[tuple[str, str], Movement]:
    """What is posted, netted per (account, currency): one transaction touches an item only
    once.
    """
    movements: dict[tuple[str, str], Movement] = {}
    for leg in legs:
        if leg.layer != POSTED:
            continue
        key = (leg.account, leg.currency)
        before = movements.get(key, Movement(0, 0))
        debit, credit = (leg.amount, 0) if leg.side == "D" else (0, leg.amount)
        movements[key] = Movement(before.debit + debit, before.credit + credit)
    return movements


def checksum_of(header_id: str, purpose: str, fingerprint: str, legs: Sequence[Leg]) -> str:
    """SHA-256 over what must never change about a booking.

    The running balance, the posting number and the time of booking stay outside: a retry
    derives the same legs but may meet another balance.
    """
    content = [header_id, purpose, fingerprint, [msgspec.structs.astuple(leg) for leg in legs]]
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()
