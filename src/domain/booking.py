"""A booking: the legs of one posting sequence and the identity of the journal header it will
have.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from domain import charging, chart, identity
from domain.conversion import FxRate
from domain.events import (
    CustomerEffect,
    Decided,
    HoldEffect,
    Opening,
    OpeningRequested,
    Posted,
    TransactionPosted,
)
from domain.holding import HOLD, RELEASE, change_hold
from domain.life import AUTHORISE, CLEAR, EXPIRE, INCREMENT, REFUND, Life, Taken
from domain.lifecycle import Change, Message, is_stand_in
from domain.missing_funds import (
    INSUFFICIENT_FUNDS,
    OVERDRAW,
    OVERDRAWN,
    SUSPEND,
    debt_moved,
    funds_postings,
)
from domain.money import Money
from domain.payment_steps import Applied, Expire, advance
from domain.posting import (
    POSTED,
    Leg,
    Movement,
    Posting,
    checksum_of,
    legs_of,
    movements_of,
    postings_of,
    totals_of,
)
from domain.reference import OPEN, FundsPolicy, status_refusal
from domain.reversing import REVERSE, mirror

SECOND_PRESENTMENT = "POSSIBLE_SECOND_PRESENTMENT"
_HOLDS = frozenset({AUTHORISE, INCREMENT})


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, before the balance is known.

    `record` is the decided record as JSON, kept for bookings in suspense so that they can be
    resumed after the Inbox row has expired. `decided` says who ordered it, when and why, where a
    person did. `change` is what the booking does to its payment; `funded`: it holds money that must
    be there.
    """

    header_id: str
    purpose: str
    msg_id: str
    ingest_id: str
    fingerprint: str
    legs: tuple[Leg, ...]
    value_date: str
    reason: str | None = None
    flags: tuple[str, ...] = ()
    customer: str | None = None
    currency: str | None = None
    purchase_id: str | None = None
    network: str | None = None
    mti: str | None = None
    token: str | None = None
    last4: str | None = None
    narrative: str | None = None
    fx: FxRate | None = None
    rule_version: str | None = None
    ref_version: int | None = None
    corrects: str | None = None
    causation_id: str
    business_time: str
    record: str | None = None
    decided: dict[str, str] | None = None
    change: Change | None = None
    funded: bool = False

    @property
    def totals(self) -> dict[str, int]:
        return totals_of(self.legs)

    @property
    def checksum(self) -> str:
        return checksum_of(self.header_id, self.purpose, self.fingerprint, self.legs)

    @property
    def net(self) -> int:
        """What the customer's balance changes by, in minor units of the account's currency."""
        if self.customer is None or self.currency is None:
            return 0
        return self.moved.net

    @property
    def moved(self) -> Movement:
        """Both sides of what is posted to the customer; nothing where all of it is a receivable."""
        return movements_of(self.legs).get(
            (self.customer or "", self.currency or ""), Movement(0, 0)
        )

    @property
    def posts(self) -> bool:
        """Whether anything is posted: then it has a number and a line. A hold posts nothing."""
        return any(leg.layer == POSTED for leg in self.legs)

    @property
    def held(self) -> int:
        """What the customer's held money changes by."""
        return self.change.held if self.change else 0

    @property
    def moves_balance(self) -> bool:
        """Whether the customer's row is changed by it."""
        return self.customer is not None and (self.posts or self.held != 0)

    @property
    def receivable(self) -> int:
        """What the customer's debt for missing funds grows by, in minor units."""
        if self.customer is None or self.currency is None:
            return 0
        return debt_moved(self.legs, self.customer, self.currency)


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's balance as read strongly, in minor units; credit-normal: posted_c - posted_d.

    `receivable` is what the account lacked for purchases that were split, and has not paid yet.
    """

    account: str
    currency: str
    status: str
    overdraft_limit: int
    posted_d: int
    posted_c: int
    held: int
    available: int
    version: int
    posting_no: int
    receivable: int = 0

    @property
    def posted(self) -> int:
        return self.posted_c - self.posted_d

    def after(self, booking: Booking) -> "BalanceRow":
        """The next version of the row: what the posting transaction of this booking makes of it.

        A booking that posts nothing counts for no posting number.
        """
        moved, held = booking.moved, booking.held
        return msgspec.structs.replace(
            self,
            posted_d=self.posted_d + moved.debit,
            posted_c=self.posted_c + moved.credit,
            available=self.available + moved.net - held,
            held=self.held + held,
            receivable=self.receivable + booking.receivable,
            version=self.version + 1,
            posting_no=self.posting_no + int(booking.posts),
        )


def primary_header_id(msg_id: str) -> str:
    return f"J#{msg_id}"


def resolution_header_id(msg_id: str) -> str:
    """The one slot that the resume and the return of a suspense booking compete for."""
    return f"J#{msg_id}#RESOLVE"


def book_decided(
    event_id: str,
    business_time: str,
    record: Decided,
    balance: BalanceRow | None,
    reason: str | None,
) -> Booking:
    """The primary booking of an approved or suspended record.

    `balance` is the customer's row, None where there is none. `reason` suspends whatever was
    decided. The row's status is the last word: it may have changed since the rules ran.
    """
    reason = reason or suspense_reason(record, balance)
    if reason is not None:
        return _to_suspense(record, reason, event_id, business_time)
    postings = charging.charge(record, charging.scheme_account(record))
    funded = _with_funds(postings, record, balance, funds_policy(record))
    if funded is None:
        return _to_suspense(record, INSUFFICIENT_FUNDS, event_id, business_time)
    booking = _to_customer(
        record,
        header_id=primary_header_id(record.msg_id),
        purpose=charging.purpose_of(record),
        legs=legs_of(funded),
        purchase_id=record.purchase_id,
        causation_id=event_id,
        business_time=business_time,
    )
    return flag_overdrawn(booking, balance)


def funds_policy(record: Decided) -> FundsPolicy:
    """What the account's product says about missing funds."""
    return record.pricing.funds_policy if record.pricing else OVERDRAW


def _with_funds(
    postings: tuple[Posting, ...],
    record: Decided,
    balance: BalanceRow | None,
    policy: FundsPolicy,
) -> tuple[Posting, ...] | None:
    if balance is None or record.account is None:
        return postings
    return funds_postings(
        postings,
        record.account.account_id,
        available=balance.available,
        receivable=balance.receivable,
        policy=policy,
    )


def flag_overdrawn(booking: Booking, balance: BalanceRow | None) -> Booking:
    """A debit that leaves the account below its limit says so."""
    left = balance.available + booking.net - booking.held if balance else 0
    if booking.net >= 0 or left >= 0:
        return booking
    return msgspec.structs.replace(booking, flags=(*booking.flags, OVERDRAWN))


def suspense_reason(record: Decided, balance: BalanceRow | None) -> str | None:
    """Why this record cannot be booked to its customer now, or None when it can."""
    if record.decision.outcome != "APPROVED":
        return record.decision.reason or "NO_REASON"
    if record.account is None or balance is None:
        return "UNKNOWN_ACCOUNT"
    if record.amounts.billing is None:
        return "NO_RATE"
    return status_refusal(balance.status, record.direction)


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
    booking = _of_record(
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


def book_resume(
    record: Decided,
    reason: str,
    event_id: str,
    business_time: str,
    balance: BalanceRow | None = None,
) -> Booking:
    """Move a suspense booking to the customer; the caller has checked the account's status.

    Who releases what waits for money decides to book it all the same.
    """
    policy = funds_policy(record)
    postings = charging.resume(record, reason)
    funded = _with_funds(postings, record, balance, OVERDRAW if policy == SUSPEND else policy)
    return _to_customer(
        record,
        header_id=resolution_header_id(record.msg_id),
        purpose=charging.RESUME,
        legs=legs_of(funded or postings),
        purchase_id=None,
        causation_id=event_id,
        business_time=business_time,
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


def book_return(record: Decided, reason: str, event_id: str, business_time: str) -> Booking:
    """Give a suspense booking back to the scheme."""
    suspended = _to_suspense(record, reason, event_id, business_time)
    return msgspec.structs.replace(
        suspended,
        header_id=resolution_header_id(record.msg_id),
        purpose=charging.RETURN,
        legs=legs_of(charging.give_back(record, reason)),
        purchase_id=None,
        record=None,
    )


def book_opening(event: OpeningRequested, balance: BalanceRow | None = None) -> Booking:
    """Opening money: one slot for an account and a currency, once for ever.

    Like any credit it first pays what the account lacked.
    """
    opening: Opening = event.data
    postings = charging.open_account(opening.account_id, opening.amount)
    if balance is not None and balance.receivable:
        postings = (
            funds_postings(
                postings,
                opening.account_id,
                available=balance.available,
                receivable=balance.receivable,
                policy=OVERDRAW,
            )
            or postings
        )
    header_id = opening_header_id(opening.account_id, opening.amount.currency)
    return Booking(
        header_id=header_id,
        purpose=charging.OPENING,
        msg_id=header_id.removeprefix("J#"),
        ingest_id=header_id,
        fingerprint=f"{opening.amount.amount} {opening.amount.currency}",
        legs=legs_of(postings),
        value_date=opening.value_date,
        customer=chart.customer(opening.account_id),
        currency=opening.amount.currency,
        narrative="Opening balance",
        causation_id=event.meta.event_id,
        business_time=event.meta.business_time,
    )


def opening_header_id(account_id: str, currency: str) -> str:
    return f"J#OPENING#{account_id}#{currency}"


def posted_of(
    booking: Booking,
    effect: CustomerEffect | None,
    booked_at: datetime,
    hold: HoldEffect | None = None,
) -> Posted:
    """The journal header of a booking, with what it did to the balance it met."""
    moment = booked_at.astimezone(UTC)
    return Posted(
        header_id=booking.header_id,
        purpose=booking.purpose,
        msg_id=booking.msg_id,
        ingest_id=booking.ingest_id,
        fingerprint=booking.fingerprint,
        legs=booking.legs,
        leg_count=len(booking.legs),
        totals=booking.totals,
        checksum=booking.checksum,
        booked_at=moment.isoformat(timespec="milliseconds"),
        booking_date=moment.date().isoformat(),
        value_date=booking.value_date,
        reason=booking.reason,
        flags=booking.flags,
        customer=effect,
        network=booking.network,
        mti=booking.mti,
        token=booking.token,
        last4=booking.last4,
        narrative=booking.narrative,
        fx=booking.fx,
        rule_version=booking.rule_version,
        ref_version=booking.ref_version,
        corrects=booking.corrects,
        hold=hold,
        payment=booking.change.after.state if booking.change else None,
    )


def _to_customer(
    record: Decided,
    *,
    header_id: str,
    purpose: str,
    legs: tuple[Leg, ...],
    purchase_id: str | None,
    causation_id: str,
    business_time: str,
) -> Booking:
    if record.account is None:
        raise ValueError(f"{record.ingest_id} has no account to book to")
    return msgspec.structs.replace(
        _of_record(record, header_id, purpose, legs, causation_id, business_time),
        customer=chart.customer(record.account.account_id),
        currency=record.account.currency,
        purchase_id=purchase_id,
    )


def _to_suspense(record: Decided, reason: str, event_id: str, business_time: str) -> Booking:
    header_id = primary_header_id(record.msg_id)
    legs = legs_of(charging.suspend(record, reason))
    return msgspec.structs.replace(
        _of_record(record, header_id, charging.SUSPEND, legs, event_id, business_time),
        reason=reason,
        purchase_id=None if reason == SECOND_PRESENTMENT else record.purchase_id,
        record=msgspec.json.encode(record).decode(),
    )


def _of_record(
    record: Decided,
    header_id: str,
    purpose: str,
    legs: tuple[Leg, ...],
    causation_id: str,
    business_time: str,
) -> Booking:
    """What every booking takes over from its record."""
    return Booking(
        header_id=header_id,
        purpose=purpose,
        msg_id=record.msg_id,
        ingest_id=record.ingest_id,
        fingerprint=record.fingerprint,
        legs=legs,
        value_date=record.value_date,
        flags=record.decision.flags,
        network=record.network,
        mti=record.mti,
        token=record.token,
        last4=record.last4,
        narrative=_narrative(record),
        fx=record.fx,
        rule_version=record.rule_version,
        ref_version=record.ref_version,
        causation_id=causation_id,
        business_time=business_time,
    )


def _narrative(record: Decided) -> str:
    merchant = record.merchant
    if merchant is None:
        return f"{record.network} {record.type}"
    return " ".join(part for part in (merchant.name, merchant.city, merchant.country) if part)
