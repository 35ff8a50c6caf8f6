"""The events on the bus: facts, in the past tense, the class name is the detail-type.

Every detail is `{"meta": {...}, "data": {...}}`. Consumers key on `meta.event_id`: it is the same
for every delivery, replay and repeat of one fact. Fields that a reader does not know are ignored.
"""

from typing import Annotated, Any, ClassVar, Self

import msgspec

from domain.cain import Cain
from domain.conversion import FxRate
from domain.money import Money
from domain.posting import Leg
from domain.reference import Account, Merchant, MerchantCategory, Pricing

SCHEMA = "1.0"


class UnknownEvent(ValueError):
    """The envelope is not the event that its reader expects."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """`business_time` is the transmission time of the message (UTC), never the time of a
    delivery.
    """

    event_id: str
    msg_id: str
    correlation_id: str
    causation_id: str
    business_time: str
    schema: str = SCHEMA


class Authorized(msgspec.Struct, frozen=True, kw_only=True):
    """A received record: valid, the first with its business key, without its card number."""

    ingest_id: str
    msg_id: str
    fingerprint: str
    network: str
    mti: str
    token: str
    last4: str
    received_at: str
    door: str
    source_ref: str
    cain: Cain


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """`settlement` is what we owe the scheme; `billing` what the account is charged, None without
    a rate.
    """

    transaction: Money
    settlement: Money
    billing: Money | None


class Enriched(Authorized, frozen=True, kw_only=True):
    """The record with all that a decision and a booking need, as known at its business time.

    Of a reversal, `amounts` are what it takes back, and `direction` is that of the money.
    `hold_until` is when the hold of an authorisation expires (ISO, UTC).
    """

    type: str
    direction: str
    amounts: Amounts
    billing_source: str | None
    account: Account | None
    merchant: Merchant | None
    mcc: MerchantCategory | None
    country: str | None
    fx: FxRate | None
    pricing: Pricing | None
    response_code: str | None
    approval_code: str | None
    value_date: str
    purchase_id: str | None
    rule_version: str
    ref_version: int
    hold_until: str | None = None


class OutcomeIds(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The event ids of the three possible outcomes: the workflow language has no UUIDv5."""

    transaction_posting_approved: str
    transaction_posting_suspended: str
    transaction_rejected: str


class EnrichedForRules(Enriched, frozen=True, kw_only=True):
    outcome_ids: OutcomeIds


class RuleRef(msgspec.Struct, frozen=True):
    id: str
    version: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says why a transaction is suspended or rejected; flags never change what is
    booked.
    """

    outcome: str
    reason: str | None = None
    flags: tuple[str, ...] = ()
    rules: tuple[RuleRef, ...] = ()
    rule_version: str = ""


class Decided(Enriched, frozen=True, kw_only=True):
    decision: Decision


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Opening money of an account, which is booked once for ever."""

    account_id: str
    amount: Money
    value_date: str


class CustomerEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What the booking did to the customer's account; `posting_no` counts its bookings without
    gaps.
    """

    account: str
    currency: str
    net: int
    balance_after: int
    posting_no: int


class HoldEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What the booking did to the money that is held from the customer, in minor units."""

    account: str
    currency: str
    change: int
    held_after: int


class PaymentState(msgspec.Struct, frozen=True, kw_only=True):
    """The card payment after the booking: its label, what is still held, and the counters that are
    not zero, in minor units of the account's currency.
    """

    payment_id: str
    label: str
    version: int
    held: int
    counters: dict[str, int]


type SequenceId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,36}$")]
# More legs than one sequence ever needs, and few enough for one header.
type LegCount = Annotated[int, msgspec.Meta(ge=1, le=100)]


class SequenceLeg(msgspec.Struct, frozen=True, kw_only=True):
    """Leg `leg.n` of `leg_count`; `checksum` is that of the whole sequence, on each of its legs."""

    sequence_id: SequenceId
    leg_count: LegCount
    checksum: str
    value_date: str
    leg: Leg
    narrative: str | None = None


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A journal header: all legs of one booking. `corrects` is the header that it puts right."""

    header_id: str
    purpose: str
    msg_id: str
    ingest_id: str
    fingerprint: str
    legs: tuple[Leg, ...]
    leg_count: int
    totals: dict[str, int]
    checksum: str
    booked_at: str
    booking_date: str
    value_date: str
    reason: str | None = None
    flags: tuple[str, ...] = ()
    customer: CustomerEffect | None = None
    network: str | None = None
    mti: str | None = None
    token: str | None = None
    last4: str | None = None
    narrative: str | None = None
    fx: FxRate | None = None
    rule_version: str | None = None
    ref_version: int | None = None
    corrects: str | None = None
    hold: HoldEffect | None = None
    payment: PaymentState | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`source` names the only emitter, which a permission enforces."""

    source: ClassVar[str]
    meta: Meta

    @classmethod
    def detail_type(cls) -> str:
        return cls.__name__

    @classmethod
    def from_envelope(cls, body: bytes | str) -> Self:
        """The event in an EventBridge envelope; UnknownEvent when it is another one or not
        readable.
        """
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
            if envelope.detail_type != cls.detail_type():
                raise UnknownEvent(f"expected {cls.detail_type()}, not {envelope.detail_type}")
            return msgspec.json.decode(envelope.detail, type=cls)
        except msgspec.MsgspecError as error:
            raise UnknownEvent(f"{cls.detail_type()} is not readable: {error}") from error

    def to_detail(self) -> str:
        return msgspec.json.encode(self).decode()


class TransactionAuthorized(Event, frozen=True, kw_only=True):
    """Received, valid and not a repeat; whether it was approved is decided later."""

    source = "payments.ingest"
    data: Authorized


class TransactionEnriched(Event, frozen=True, kw_only=True):
    """Account, product, merchant, country and rate are known, as far as they exist."""

    source = "payments.enrichment"
    data: EnrichedForRules


class TransactionPostingApproved(Event, frozen=True, kw_only=True):
    """To be booked to the customer."""

    source = "payments.rules"
    data: Decided


class TransactionPostingSuspended(Event, frozen=True, kw_only=True):
    """To be booked to suspense, for the reason in the decision: the scheme is owed all the same."""

    source = "payments.rules"
    data: Decided


class TransactionRejected(Event, frozen=True, kw_only=True):
    """Owes nobody anything: nothing is booked."""

    source = "payments.rules"
    data: Decided


class PostingLegCreated(Event, frozen=True, kw_only=True):
    """Leg n of m of a posting sequence from an outside account interface: booked as a whole."""

    source = "accounts.interface"
    data: SequenceLeg


class TransactionPosted(Event, frozen=True, kw_only=True):
    """One journal header, whatever its purpose."""

    source = "payments.ledger"
    data: Posted


class OpeningRequested(Event, frozen=True, kw_only=True):
    """A command on the posting queue, not on the bus: book the opening money of an account."""

    source = "payments.reference"
    data: Opening


BUS_EVENTS: tuple[type[Event], ...] = (
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPostingApproved,
    TransactionPostingSuspended,
    TransactionRejected,
    PostingLegCreated,
    TransactionPosted,
)


class _Envelope(msgspec.Struct, rename={"detail_type": "detail-type"}):
    detail_type: str
    detail: msgspec.Raw


def detail_type_of(body: bytes | str) -> str:
    """The detail-type of an envelope; UnknownEvent when there is none."""
    try:
        return msgspec.json.decode(body, type=_Envelope).detail_type
    except msgspec.MsgspecError as error:
        raise UnknownEvent(f"not an event envelope: {error}") from error


def envelope_of(event: Event, bus: str) -> dict[str, Any]:
    """A PutEvents entry."""
    return {
        "EventBusName": bus,
        "Source": event.source,
        "DetailType": event.detail_type(),
        "Detail": event.to_detail(),
    }
