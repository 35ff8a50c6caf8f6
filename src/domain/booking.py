"""A booking: the legs of one posting sequence and the identity of the journal header it will
have.
"""

from datetime import UTC, datetime

import msgspec

from domain import charging, chart
from domain.conversion import FxRate
from domain.events import CustomerEffect, Decided, Opening, OpeningRequested, Posted
from domain.missing_funds import (
    INSUFFICIENT_FUNDS,
    OVERDRAW,
    OVERDRAWN,
    SUSPEND,
    debt_moved,
    funds_postings,
)
from domain.posting import (
    Leg,
    Movement,
    Posting,
    checksum_of,
    legs_of,
    movements_of,
    totals_of,
)
from domain.reference import FundsPolicy, status_refusal

SECOND_PRESENTMENT = "POSSIBLE_SECOND_PRESENTMENT"


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, before the balance is known.

    `record` is the decided record as JSON, kept for bookings in suspense so that they can be
    resumed after the Inbox row has expired. `decided` says who ordered it, when and why, where a
    person did.
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
    return _flagged(booking, balance)


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


def _flagged(booking: Booking, balance: BalanceRow | None) -> Booking:
    """A debit that leaves the account below its limit says so."""
    if balance is None or booking.net >= 0 or balance.available + booking.net >= 0:
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


def posted_of(booking: Booking, effect: CustomerEffect | None, booked_at: datetime) -> Posted:
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
