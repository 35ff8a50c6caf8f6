"""What the API answers, as types: the document that it serves is made from them.

Amounts are whole minor units; `exponent` says how many decimals the currency has. Times are ISO
8601 with their zone, days are in UTC.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from domain.events import Posted
from domain.foresight import Foreseen
from domain.money import Money
from domain.statement import Entry, Totals


class ProblemDetails(Struct, kw_only=True):
    """Problem details (RFC 9457). `type` and `code` name the kind and never change; `parameter` or
    `field` is what to change, `remedy` what helps.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET
    field: str | UnsetType = UNSET


class JsonMessage(Struct, kw_only=True):
    """An ISO 8583:1987 message: data elements as text in their own format, by their number."""

    network: str
    mti: str
    de: dict[str, str]


class HexMessage(Struct, kw_only=True):
    """The same, whole and in hex digits."""

    network: str
    iso8583: str


class Fault(Struct, kw_only=True):
    """One thing that is wrong with a message: where, what, and what to send instead."""

    element: str
    offset: str
    code: str
    message: str
    remedy: str


class Receipt(Struct, kw_only=True):
    """`original` is the first record with the same refused content; `errors` are all that were
    found.
    """

    index: int
    ingest_id: str
    status: Literal["RECEIVED", "INVALID", "CONTENT_CHANGED"]
    msg_id: str | UnsetType | None = UNSET
    original: str | UnsetType | None = UNSET
    errors: list[Fault] | UnsetType = UNSET


class Receipts(Struct):
    """One for each message of the request, in its order."""

    results: list[Receipt]


class ForeseenMessage(Foreseen, frozen=True, kw_only=True):
    """What would become of one message."""

    index: int


class DryRunResults(Struct, frozen=True):
    """One result for each message, in the order of the request."""

    dry_run: bool
    results: list[ForeseenMessage]


class RecordFacts(Struct, kw_only=True):
    """The record as it was received: never a card number."""

    network: str | UnsetType | None = UNSET
    mti: str | UnsetType | None = UNSET
    last4: str | UnsetType | None = UNSET
    token: str | UnsetType | None = UNSET
    business_time: str | UnsetType | None = UNSET
    received_at: str | UnsetType | None = UNSET
    door: str | UnsetType | None = UNSET
    source_ref: str | UnsetType | None = UNSET


class ParkedFacts(Struct, kw_only=True):
    """`history` has every decision: state, time, `by` whom, and the IAM `principal` that signed.
    What waits does so until `due_at`; `response` is the record that answered a request.
    """

    state: Literal["PARKED", "RELEASED", "DISCARDED", "RESOLVED"]
    reason: Literal["INVALID", "DUPLICATE", "CONFLICT", "REJECTED", "FAILED", "PENDING_MATCH"]
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    original: str | UnsetType = UNSET
    response: str | UnsetType = UNSET
    due_at: str | UnsetType = UNSET
    differing: list[dict[str, str | None]] | UnsetType = UNSET
    errors: list[Fault] | UnsetType = UNSET
    parked_at: str | UnsetType = UNSET
    history: list[dict[str, Any]] | UnsetType = UNSET


class ParkedItem(ParkedFacts, kw_only=True):
    ingest_id: str
    msg_id: str | UnsetType | None = UNSET
    network: str | UnsetType | None = UNSET
    mti: str | UnsetType | None = UNSET
    last4: str | UnsetType | None = UNSET
    source_ref: str | UnsetType | None = UNSET
    business_time: str | UnsetType | None = UNSET
    received_at: str | UnsetType | None = UNSET
    amount: Money | None


class ParkedPage(Struct, kw_only=True):
    """`next` leads on. A page may be short, or empty, and lead on all the same."""

    items: list[ParkedItem]
    next: str | UnsetType = UNSET


class DecisionFacts(Struct, kw_only=True):
    """What the rules said, as far as the tables keep it."""

    outcome: Literal["APPROVED", "SUSPENDED", "REJECTED"]
    reason: str | None
    flags: list[str] | UnsetType = UNSET
    rule_version: str | UnsetType | None = UNSET
    ref_version: int | UnsetType | None = UNSET


class Timings(Struct, kw_only=True):
    """None where the record did not come by, or was not first."""

    received_at: str | None
    claimed_at: str | None
    parked_at: str | None
    booked_at: str | None
    resolved_at: str | None


class EventFacts(Struct, kw_only=True):
    """An event that the record can have, under the id that it has; `expected` if its outcome needs
    it. That of a booking names its header and purpose: the record's own, its corrections, and the
    disputes of its payment.
    """

    event_id: str
    detail_type: str
    expected: bool
    header_id: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    booked_at: str | UnsetType = UNSET


class Balance(Struct, kw_only=True):
    """The balance of one currency now."""

    currency: str
    exponent: int
    posted: int
    held: int
    available: int
    overdraft_limit: int
    status: Literal["OPEN", "HOLD_DEBIT", "HOLD_ALL", "CLOSED"]
    posting_no: int


class AccountBalance(Balance, kw_only=True):
    account: str


class PastBalance(Struct, kw_only=True):
    """What was posted up to an instant."""

    currency: str
    exponent: int
    at: str
    posted: int
    posting_no: int


class Balances(Struct, kw_only=True):
    account_id: str
    balances: list[Balance]


class PairedRecord(Struct, kw_only=True):
    """The other message of a pair, and the header that it is booked as, if it is."""

    ingest_id: str
    msg_id: str | None
    outcome: str
    header_id: str | None


class PaymentBooking(Struct, kw_only=True):
    """`amount` is what it counts for, `decided` who ordered it, where a person did."""

    header_id: str
    kind: Literal[
        "AUTHORISE",
        "INCREMENT",
        "REVERSE",
        "CLEAR",
        "REFUND",
        "EXPIRE",
        "DISPUTE",
        "WIN",
        "LOSE",
        "ACCEPT",
    ]
    amount: int
    at: str
    decided: dict[str, str] | UnsetType = UNSET


class PaymentFacts(Struct, kw_only=True):
    """The card payment now, in the account's currency; counters of zero are left out. `due` is when
    its next timer ends. `corrected` is what corrections have given back of its purchases, which its
    counters do not know.
    """

    payment_id: str
    label: str
    version: int
    currency: str | None
    held: int
    due: str | None
    counters: dict[str, int]
    corrected: int
    bookings: list[PaymentBooking]


class RecordStory(Struct, kw_only=True):
    """`outcome`: POSTED, SUSPENDED, a parked reason, ANSWERED for a request whose response came, or
    IN_FLIGHT. Booking and resolution are journal headers with all their legs; `resolved_by` says
    who decided the latter. A request tells its `response`, a response its `request`. `payment` is
    the card payment that its message belongs to, whether that took it or not.
    """

    ingest_id: str
    msg_id: str | None
    outcome: Literal[
        "POSTED",
        "SUSPENDED",
        "INVALID",
        "DUPLICATE",
        "CONFLICT",
        "REJECTED",
        "FAILED",
        "PENDING_MATCH",
        "ANSWERED",
        "IN_FLIGHT",
    ]
    record: RecordFacts
    amount: Money | None
    timings: Timings
    decision: DecisionFacts | None
    booking: Posted | UnsetType = UNSET
    resolution: Posted | UnsetType = UNSET
    resolved_by: dict[str, str] | UnsetType = UNSET
    corrections: list[Posted]
    payment: PaymentFacts | None
    disputes: list[Posted]
    acceptances: list[Posted]
    parked: ParkedFacts | UnsetType = UNSET
    request: PairedRecord | UnsetType = UNSET
    response: PairedRecord | UnsetType = UNSET
    events: list[EventFacts]
    balance_now: AccountBalance | None


class PageTotals(Struct, kw_only=True):
    """Of the entries on this page."""

    opening_balance: int
    closing_balance: int
    debits: Totals
    credits: Totals


class StatementPage(Struct, kw_only=True, rename={"since": "from", "until": "to"}):
    """The balances are those of the whole period; `next` leads on."""

    account_id: str
    currency: str
    exponent: int
    since: str
    until: str
    opening_balance: int
    closing_balance: int
    entry_count: int
    page: PageTotals
    entries: list[Entry]
    next: str | UnsetType = UNSET


class SuspenseItem(Struct, kw_only=True):
    """`totals` by currency, in minor units."""

    ingest_id: str
    msg_id: str
    header_id: str
    reason: str | None
    totals: dict[str, int]
    booked_at: str
    value_date: str
    network: str | None
    mti: str | None
    last4: str | None
    narrative: str | None


class SuspensePage(Struct, kw_only=True):
    """`next` leads on. A page may be short, or empty, and lead on all the same."""

    items: list[SuspenseItem]
    next: str | UnsetType = UNSET


class CurrencySums(Struct, kw_only=True):
    debit: int
    credit: int
    difference: int


class AccountSums(Struct, kw_only=True):
    account: str
    currency: str
    kind: Literal["customer", "internal"]
    debit: int
    credit: int
    net: int


class TrialBalancePage(Struct, kw_only=True):
    """`currencies` sums up all pages so far, and on the last one what is still to be folded: only
    then `complete` is true, and `zero` a verdict.
    """

    complete: bool
    zero: bool
    unfolded_headers: int
    currencies: dict[str, CurrencySums]
    accounts: list[AccountSums]
    next: str | UnsetType = UNSET


class OrderDone(Struct, kw_only=True):
    """What was done, or would be done by a dry run. `already`: it was done before; `sent`: its
    event is out, else the sweep sends it.
    """

    ingest_id: str
    result: Literal["RELEASED", "DISCARDED", "RESUME", "RETURN"]
    dry_run: bool
    reason: str | UnsetType | None = UNSET
    msg_id: str | UnsetType = UNSET
    header_id: str | UnsetType = UNSET
    already: bool | UnsetType = UNSET
    sent: bool | UnsetType = UNSET
