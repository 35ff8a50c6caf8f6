"""Booking a decided record to its customer, or to suspense, and what becomes of suspense later."""

import msgspec

from domain import charging, chart
from domain.booking import (
    BalanceRow,
    Booking,
    flag_overdrawn,
    primary_header_id,
    resolution_header_id,
)
from domain.events import (
    Decided,
)
from domain.missing_funds import (
    INSUFFICIENT_FUNDS,
    OVERDRAW,
    SUSPEND,
    funds_postings,
)
from domain.posting import (
    Leg,
    Posting,
    legs_of,
)
from domain.reference import FundsPolicy, status_refusal

SECOND_PRESENTMENT = "POSSIBLE_SECOND_PRESENTMENT"


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
        of_record(record, header_id, purpose, legs, causation_id, business_time),
        customer=chart.customer(record.account.account_id),
        currency=record.account.currency,
        purchase_id=purchase_id,
    )


def _to_suspense(record: Decided, reason: str, event_id: str, business_time: str) -> Booking:
    header_id = primary_header_id(record.msg_id)
    legs = legs_of(charging.suspend(record, reason))
    return msgspec.structs.replace(
        of_record(record, header_id, charging.SUSPEND, legs, event_id, business_time),
        reason=reason,
        purchase_id=None if reason == SECOND_PRESENTMENT else record.purchase_id,
        record=msgspec.json.encode(record).decode(),
    )


def of_record(
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
