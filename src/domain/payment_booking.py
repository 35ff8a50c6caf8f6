"""Booking what a card payment takes, and the expiry of its hold."""

from collections.abc import Mapping

import msgspec

from domain import charging, chart, identity
from domain.booking import BalanceRow, Booking, flag_overdrawn, primary_header_id
from domain.events import (
    TransactionPosted,
)
from domain.holding import HOLD, RELEASE, change_hold
from domain.life import AUTHORISE, CLEAR, EXPIRE, INCREMENT, REFUND, Life, Taken
from domain.lifecycle import Change, Message, is_stand_in
from domain.missing_funds import (
    INSUFFICIENT_FUNDS,
    OVERDRAW,
    SUSPEND,
    funds_postings,
)
from domain.money import Money
from domain.payment_steps import Applied, Expire, advance
from domain.posting import (
    POSTED,
    Leg,
    Posting,
    legs_of,
    postings_of,
)
from domain.record_booking import funds_policy, of_record
from domain.reference import OPEN, FundsPolicy, status_refusal
from domain.reversing import REVERSE, mirror

_HOLDS = frozenset({AUTHORISE, INCREMENT})


def hold_refusal(message: Message, change: Change, balance: BalanceRow | None) -> str | None:
    """Why this money cannot be held now, or None when it can.

    A hold owes nobody anything, so it may be refused, as no clearing may. What the network promised
    in our place (0120) is held whatever the account says.
    """
    if balance is None:
        return "UNKNOWN_ACCOUNT"
    if change.held <= 0 or is_stand_in(message):
        return None
    if balance.status != OPEN:
        return status_refusal(balance.status, "DEBIT")
    return INSUFFICIENT_FUNDS if balance.available < change.held else None


def book_for_payment(
    message: Message,
    change: Change,
    mirrored: Mapping[str, tuple[Leg, ...]],
    event_id: str,
    balance: BalanceRow | None,
    policy: FundsPolicy,
) -> Booking | None:
    """The booking of a message that its payment took; None where missing funds suspend it.

    `mirrored` are the legs of those earlier headers of which the message undoes a part. What the
    message releases of the hold is there for it to spend.
    """
    payment, record = change.after.payment, message.record
    held = Money(change.held, payment.currency)
    posted = _funded(_posted(message, change, mirrored), change, balance, policy)
    if posted is None:
        return None
    postings = (*posted, *change_hold(payment.account, record.network, held))
    booking = of_record(
        record,
        message.header_id,
        _purpose(message, change),
        legs_of(postings),
        event_id,
        message.at,
    )
    presented = message.kind == CLEAR or not _linked(message)
    booking = msgspec.structs.replace(
        booking,
        customer=chart.customer(payment.account),
        currency=payment.currency,
        purchase_id=record.purchase_id if presented else None,
        change=change,
        funded=message.kind in _HOLDS and change.held > 0 and not is_stand_in(message),
    )
    return flag_overdrawn(booking, balance)


def _funded(
    postings: tuple[Posting, ...], change: Change, balance: BalanceRow | None, policy: FundsPolicy
) -> tuple[Posting, ...] | None:
    if balance is None:
        return postings
    return funds_postings(
        postings,
        change.after.payment.account,
        available=balance.available - change.held,
        receivable=balance.receivable,
        policy=policy,
    )


def book_expiry(life: Life, at: str) -> Booking | None:
    """Release what is still held of a payment whose hold expired by `at` (ISO, UTC), else None.

    Named after the authorisation, and the version that it is the expiry of: a hold that an
    increment opens again expires again.
    """
    payment, due = life.payment, life.payment.due
    if due is None or at < due:
        return None
    expired = advance(payment, Expire(amount=payment.held, at=at))
    if not isinstance(expired, Applied):
        raise ValueError(f"{payment.payment_id} is overdue and does not expire")
    first = next(each for each in life.taken if each.kind == AUTHORISE)
    released = Money(-expired.held, payment.currency)
    header_id = f"{primary_header_id(first.msg_id)}#EXPIRE{expired.payment.version}"
    entry = Taken(
        header_id=header_id,
        msg_id=first.msg_id,
        ingest_id=first.ingest_id,
        kind=EXPIRE,
        key="",
        at=due,
        amount=released.amount,
        transaction=released,
    )
    after = msgspec.structs.replace(life, payment=expired.payment, taken=(*life.taken, entry))
    return Booking(
        header_id=header_id,
        purpose=RELEASE,
        msg_id=first.msg_id,
        ingest_id=first.ingest_id,
        fingerprint=f"EXPIRE {released.amount} {released.currency}",
        legs=legs_of(change_hold(payment.account, life.network, -released)),
        value_date=due[:10],
        customer=chart.customer(payment.account),
        currency=payment.currency,
        network=life.network,
        token=life.token,
        last4=life.last4,
        narrative="The hold expired",
        causation_id=identity.ledger_event_id(first.header_id, TransactionPosted.detail_type()),
        business_time=due,
        change=Change(before=life, after=after, held=expired.held),
    )


def book_resume_for_payment(
    message: Message,
    change: Change,
    mirrored: Mapping[str, tuple[Leg, ...]],
    reason: str,
    event_id: str,
    balance: BalanceRow,
) -> Booking:
    """Move a suspense booking to the customer, as its payment takes it now.

    Who releases what waits for money decides to book it all the same.
    """
    policy = funds_policy(message.record)
    policy = OVERDRAW if policy == SUSPEND else policy
    booking = book_for_payment(message, change, mirrored, event_id, balance, policy)
    if booking is None:
        raise ValueError(f"{message.header_id} is suspended by no policy, and yet it is")
    scheme = charging.scheme_account(message.record)
    suspended = charging.suspense_account(message.record, reason)
    legs = tuple(
        msgspec.structs.replace(leg, account=suspended)
        if leg.account == scheme and leg.layer == POSTED
        else leg
        for leg in booking.legs
    )
    return msgspec.structs.replace(
        booking, purpose=charging.RESUME, legs=legs, purchase_id=None, funded=False
    )


def _linked(message: Message) -> bool:
    """Whether it names another message: then it presents no purchase of its own."""
    return message.kind != REFUND or message.keys.original is not None


def _posted(
    message: Message, change: Change, mirrored: Mapping[str, tuple[Leg, ...]]
) -> tuple[Posting, ...]:
    if message.kind in _HOLDS:
        return ()
    if message.kind in {CLEAR, REFUND}:
        record = message.record
        return charging.charge(record, charging.scheme_account(record))
    return tuple(
        _to_scheme(posting, message.record.network)
        for part in change.parts
        if part.of.kind == CLEAR
        for posting in mirror(
            postings_of(mirrored[part.of.header_id]),
            part.of.transaction.amount,
            part.before,
            part.after,
        )
    )


def _to_scheme(posting: Posting, network: str) -> Posting:
    """The mirror of a booking that was resumed from suspense gives back to the scheme."""
    scheme = chart.settlement(network, posting.amount.currency)
    sides = (posting.debit, posting.credit)
    debit, credit = (scheme if each.startswith("susp:") else each for each in sides)
    return Posting(debit, credit, posting.amount, posting.code, posting.layer)


def _purpose(message: Message, change: Change) -> str:
    if message.kind in _HOLDS:
        return HOLD
    if message.kind in {CLEAR, REFUND}:
        return charging.purpose_of(message.record)
    return RELEASE if change.parts[0].of.kind in _HOLDS else REVERSE
