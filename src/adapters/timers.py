"""Timers of payments that ended: holds expire, and messages that waited long enough go on."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from adapters.balances import BalanceTable
from adapters.due_index import DUE_SHARDS
from adapters.ledger import Booked, HeaderExists, Ledger, Moved
from adapters.outcomes import Waker
from adapters.payments import PaymentTable
from domain import chart
from domain.booking import Booking
from domain.business_time import iso_instant
from domain.errors import Unavailable
from domain.life import Life
from domain.payment_booking import book_expiry

_DERIVATIONS_MAX = 12
# What one payment may raise; the others must not wait for it.
_OF_ONE_PAYMENT = (Unavailable, msgspec.MsgspecError, LookupError, ValueError)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """`expired` are headers of released holds, `woken` records that went to the posting queue."""

    expired: tuple[str, ...]
    woken: tuple[str, ...]


class Timers:
    def __init__(
        self, payments: PaymentTable, balances: BalanceTable, ledger: Ledger, waker: Waker
    ) -> None:
        self._payments = payments
        self._balances = balances
        self._ledger = ledger
        self._waker = waker

    def run(self, at: datetime, enough: Callable[[], bool], *, dry_run: bool) -> Ended:
        """All timers that ended by now, until it is enough.

        Raises Unavailable once the others are done, where a payment could not be worked on. A
        repeat is harmless: an expiry is booked on the payment's version, and a record that is woken
        twice has its outcome by then.
        """
        expired: list[str] = []
        woken: list[str] = []
        failed: list[str] = []
        for payment_id in self._due(at):
            if enough():
                break
            try:
                header_id = self._expire(payment_id, at, dry_run=dry_run)
                expired += [header_id] if header_id else []
                woken += self._wake(payment_id, at, dry_run=dry_run)
            except _OF_ONE_PAYMENT as error:
                failed.append(f"{payment_id}: {error}")
        if failed:
            raise Unavailable("; ".join(failed))
        return Ended(expired=tuple(expired), woken=tuple(woken))

    def _due(self, at: datetime) -> Iterator[str]:
        for shard in range(DUE_SHARDS):
            yield from self._payments.due(shard, iso_instant(at))

    def _expire(self, payment_id: str, at: datetime, *, dry_run: bool) -> str | None:
        """The header that released the hold; None where none is overdue any more."""
        for _ in range(_DERIVATIONS_MAX):
            life = self._payments.get(payment_id)
            booking = book_expiry(life, iso_instant(at)) if life else None
            if life is None or booking is None:
                return None
            if dry_run or self._book(life, booking, at):
                return booking.header_id
        raise Unavailable(f"{payment_id} kept moving")

    def _book(self, life: Life, booking: Booking, at: datetime) -> bool:
        payment = life.payment
        balance = self._balances.read(chart.customer(payment.account), payment.currency)
        outcome = self._ledger.book(booking, balance, at)
        if isinstance(outcome, Booked):
            return True
        if isinstance(outcome, Moved | HeaderExists):
            # Another run, or our own call whose answer was lost, was first: look again.
            return False
        raise Unavailable(f"{booking.header_id} met {type(outcome).__name__}")

    def _wake(self, payment_id: str, at: datetime, *, dry_run: bool) -> list[str]:
        """Records whose time is over. Who has another outcome by now, as one that a person
        discarded, waits no longer.
        """
        life, now = self._payments.get(payment_id), iso_instant(at)
        due = [each.ingest_id for each in life.waiting if each.due <= now] if life else []
        if life is None or dry_run:
            return due
        woken = [each for each in due if self._waker.wake(each)]
        if len(woken) < len(due):
            self._payments.forget(life, [each for each in due if each not in woken])
        return woken
