"""What would become of a message, as a dry run tells it."""

import msgspec

from domain.conversion import FxRate
from domain.events import Decided, Meta, PaymentState, Posted
from domain.iso8583.decoded import Problem
from domain.money import Money
from domain.posting import Leg
from domain.received import Received

POSTED, SUSPENDED, WAITING, ANSWERED, REJECTED, DUPLICATE, CONFLICT, INVALID, FAILED = (
    "POSTED",
    "SUSPENDED",
    "WAITING",
    "ANSWERED",
    "REJECTED",
    "DUPLICATE",
    "CONFLICT",
    "INVALID",
    "FAILED",
)
OUTCOMES = (
    *(POSTED, SUSPENDED, WAITING, ANSWERED, REJECTED),
    *(DUPLICATE, CONFLICT, INVALID, FAILED),
)
# Why a request waits no longer.
BY_RESPONSE = "RESPONSE"
KNOWN_CARD, NEW_CARD = "KNOWN", "NEW"


class Difference(msgspec.Struct, frozen=True):
    """A field of which the message says another thing than the one received before."""

    field: str
    original: str
    this: str


class BalanceMove(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's balance around a booking, in minor units; `posting_no` is the line's number, and
    None where only held money moves.
    """

    account: str
    currency: str
    net: int
    posted_before: int
    posted_after: int
    held_before: int
    held_after: int
    available_before: int
    available_after: int
    posting_no: int | None


class Foreseen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`outcome` and `reason` are those that the record would have: the purpose of a booking, the
    suspense reason, or why it would be parked or wait. `card` NEW: the vault does not know it yet.
    `original` is the record that it repeats, or the response that answers it.
    """

    outcome: str
    reason: str | None = None
    msg_id: str | None = None
    network: str | None = None
    mti: str | None = None
    last4: str | None = None
    card: str | None = None
    amount: Money | None = None
    original: str | None = None
    differing: tuple[Difference, ...] = ()
    errors: tuple[Problem, ...] = ()
    flags: tuple[str, ...] = ()
    rule_version: str | None = None
    value_date: str | None = None
    purpose: str | None = None
    header_id: str | None = None
    fx: FxRate | None = None
    legs: tuple[Leg, ...] = ()
    totals: dict[str, int] = {}
    balance: BalanceMove | None = None
    payment: PaymentState | None = None
    waits_until: str | None = None
    message: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A decided message on its way into the books: what is told of it so far, and the event that
    says the decision.
    """

    told: Foreseen
    meta: Meta
    decision: Decided


def of_record(record: Received, card: str, outcome: str, reason: str) -> Foreseen:
    """What is known of every valid message."""
    return Foreseen(
        outcome=outcome,
        reason=reason,
        msg_id=record.msg_id,
        network=record.network,
        mti=record.mti,
        last4=record.last4,
        card=card,
    )


def decided(told: Foreseen, record: Decided) -> Foreseen:
    """With what the rules said of it."""
    return msgspec.structs.replace(
        told,
        outcome=record.decision.outcome,
        reason=record.decision.reason,
        amount=record.amounts.transaction,
        flags=record.decision.flags,
        rule_version=record.decision.rule_version,
        value_date=record.value_date,
    )


def booked(told: Foreseen, posted: Posted, balance: BalanceMove | None) -> Foreseen:
    """With the header that it would get."""
    suspended = posted.reason is not None
    return msgspec.structs.replace(
        told,
        outcome=SUSPENDED if suspended else POSTED,
        reason=posted.reason if suspended else posted.purpose,
        purpose=posted.purpose,
        header_id=posted.header_id,
        fx=posted.fx,
        legs=posted.legs,
        totals=posted.totals,
        balance=balance,
        payment=posted.payment,
        waits_until=None,
    )
