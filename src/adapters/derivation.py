"""Reading payment and balance, and deriving from them what becomes of a decided record."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.over_clearing_rules import OverClearingRules
from adapters.payments import Found, PaymentTable
from adapters.posting_rules import PostingRules
from domain import chart
from domain.booking import BalanceRow, Booking, primary_header_id
from domain.business_time import iso_instant
from domain.events import Decided, Meta
from domain.life import AUTHORISE, CLEAR, INCREMENT, REFUND, REVERSE, Life, Waiting
from domain.lifecycle import Change, Message, is_single, life_of, message_of, take, take_unlinked
from domain.missing_funds import INSUFFICIENT_FUNDS
from domain.over_clearing import flag_over_cleared, over_clears
from domain.payment_booking import book_for_payment, hold_refusal
from domain.payment_steps import NO_CLEARING, Refused, Waits
from domain.payment_time import after
from domain.posting import Leg
from domain.record_booking import book_decided, funds_policy, suspense_reason
from domain.reference import CLOSED, status_refusal
from domain.undoing import NO_ORIGINAL

_HOLDS = frozenset({AUTHORISE, INCREMENT})
_FINANCIAL = frozenset({CLEAR, REFUND})
# What a message that waited in vain is refused as.
_IN_VAIN = {REVERSE: "REVERSED_UNMATCHED", INCREMENT: "INCREMENT_UNMATCHED"}


class ToBook(msgspec.Struct, frozen=True):
    """`balance` is the row that the booking was derived from."""

    booking: Booking
    balance: BalanceRow | None


class ToWait(msgspec.Struct, frozen=True):
    """`change` is the payment with the record among those that wait."""

    change: Change
    due: str
    why: str


class ToRefuse(msgspec.Struct, frozen=True):
    """`found` is the payment, in which the record may have waited."""

    code: str
    message: Message
    found: Found


class WaitsAlready(msgspec.Struct, frozen=True):
    """It has its row, and its time is not over."""


class AlreadyTaken(msgspec.Struct, frozen=True):
    """The payment took the message before."""


type Derived = ToBook | ToWait | ToRefuse | WaitsAlready | AlreadyTaken


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """One record with what was read for it."""

    event_id: str
    message: Message
    found: Found
    balance: BalanceRow | None
    at: datetime

    @property
    def life(self) -> Life | None:
        return self.found.life

    @property
    def waited(self) -> Waiting | None:
        return self.life.waits(self.message.record.ingest_id) if self.life else None


class Derivation:
    """Reads only. What it derives holds for the versions that it read."""

    def __init__(
        self,
        payments: PaymentTable,
        balances: BalanceTable,
        journal: JournalTable,
        rules: PostingRules,
    ) -> None:
        self._payments = payments
        self._balances = balances
        self._journal = journal
        self._rules = rules

    def derive(self, meta: Meta, record: Decided, reason: str | None, at: datetime) -> Derived:
        """What becomes of the record now. `reason` suspends whatever was decided."""
        if record.decision.outcome != "APPROVED":
            booking = book_decided(meta.event_id, meta.business_time, record, None, reason)
            return ToBook(booking, None)
        message = message_of(record, primary_header_id(record.msg_id), meta.business_time)
        found = self._payments.find(message.keys)
        if found.life is not None and found.life.took(message.header_id):
            return AlreadyTaken()
        case = _Case(
            event_id=meta.event_id,
            message=message,
            found=found,
            balance=self._balance_of(record, found.life),
            at=at,
        )
        if message.kind in _FINANCIAL:
            return self._financial(case, reason or suspense_reason(record, case.balance))
        lacking = _lacking(record) if message.kind in _HOLDS else None
        return self._taken(case) if lacking is None else ToRefuse(lacking, message, found)

    def _financial(self, case: _Case, reason: str | None) -> Derived:
        """A clearing without its authorisation waits, where the rules give it time for that."""
        if reason is not None:
            return _to_suspense(case, reason)
        if _misses_its_hold(case) and (case.waited or self._seconds(case.message)):
            return self._waiting(case, NO_ORIGINAL)
        return self._taken(case)

    def _taken(self, case: _Case) -> Derived:
        taken = take(case.message, case.life)
        if isinstance(taken, Waits):
            return self._waiting(case, taken.reason)
        return (
            self._refused(case, taken.code)
            if isinstance(taken, Refused)
            else (self._to_book(case, taken))
        )

    def _to_book(self, case: _Case, change: Change) -> Derived:
        message, balance = case.message, case.balance
        if message.kind in _HOLDS:
            refusal = hold_refusal(message, change, balance)
            if refusal is not None:
                return ToRefuse(refusal, message, case.found)
        change = replace(change, keys=case.found.keys)
        mirrored, policy = mirrored_legs(self._journal, change), funds_policy(message.record)
        booking = book_for_payment(message, change, mirrored, case.event_id, balance, policy)
        if booking is None:
            return _to_suspense(case, INSUFFICIENT_FUNDS)
        if booking.posts and message.kind == REVERSE:
            stands = balance.status if balance else CLOSED
            closed = status_refusal(stands, message.record.direction)
            if closed is not None:
                return _to_suspense(case, closed)
        return ToBook(with_over_clearing(self._rules.over_clearing, message, booking), balance)

    def _refused(self, case: _Case, code: str) -> Derived:
        """A financial message is always booked: without its purchase, or to suspense."""
        if case.message.kind not in _FINANCIAL:
            return ToRefuse(code, case.message, case.found)
        if case.message.kind == REFUND:
            unlinked = take_unlinked(case.message, case.life)
            if isinstance(unlinked, Change):
                return self._to_book(case, unlinked)
        return _to_suspense(case, code)

    def _waiting(self, case: _Case, why: str) -> Derived:
        """Wait, go on waiting, or take the way of those who waited in vain."""
        now = iso_instant(case.at)
        due = case.waited.due if case.waited else after(now, self._seconds(case.message))
        if now < due:
            return WaitsAlready() if case.waited else _to_wait(case, due, why)
        match case.message.kind:
            case "CLEAR":
                return self._taken(case)
            case "REFUND" if why not in {NO_ORIGINAL, NO_CLEARING}:
                return _to_suspense(case, why)
            case "REFUND":
                return self._refused(case, why)
            case kind:
                return ToRefuse(_IN_VAIN.get(kind, why), case.message, case.found)

    def _seconds(self, message: Message) -> int:
        waits = self._rules.waits.of(message.record.rule_version)
        by_kind = {REVERSE: waits.reversal, REFUND: waits.refund, INCREMENT: waits.increment}
        return by_kind.get(message.kind, waits.clearing)

    def _balance_of(self, record: Decided, life: Life | None) -> BalanceRow | None:
        """Read for each message: the legs, the line's key and the running balance come from this
        row.
        """
        if life is not None and life.payment.account:
            payment = life.payment
            return self._balances.read(chart.customer(payment.account), payment.currency)
        if record.account is None:
            return None
        account = chart.customer(record.account.account_id)
        return self._balances.read(account, record.account.currency)


def with_over_clearing(rules: OverClearingRules, message: Message, booking: Booking) -> Booking:
    """Flagged where it takes its payment further above what was authorised."""
    if not over_clears(booking):
        return booking
    percent = rules.percent(message.record.rule_version, message.transaction.mcc)
    return flag_over_cleared(booking, percent)


def mirrored_legs(journal: JournalTable, change: Change) -> dict[str, tuple[Leg, ...]]:
    """The legs of the headers that are undone in part, as they were booked."""
    wanted = [part.of.header_id for part in change.parts if part.of.kind == CLEAR]
    headers = (journal.get(header_id) for header_id in wanted)
    return {each.posted.header_id: each.posted.legs for each in headers if each}


def _to_suspense(case: _Case, reason: str) -> ToBook:
    """The payment does not take what is in suspense; a record that waited waits no longer."""
    record = case.message.record
    booking = book_decided(case.event_id, case.message.at, record, case.balance, reason)
    if case.life is not None and case.waited:
        after_it = case.life.without(record.ingest_id).next_version()
        booking = replace(booking, change=Change(before=case.life, after=after_it))
    return ToBook(booking, None)


def _misses_its_hold(case: _Case) -> bool:
    """A clearing advice before any authorisation."""
    held = case.life is not None and case.life.payment.approved > 0
    return case.message.kind == CLEAR and not is_single(case.message) and not held


def _lacking(record: Decided) -> str | None:
    """What a hold cannot be without."""
    if record.account is None:
        return "UNKNOWN_ACCOUNT"
    if record.amounts.billing is None:
        return "NO_RATE"
    return "NO_HOLD_LIFETIME" if record.hold_until is None else None


def _to_wait(case: _Case, due: str, why: str) -> ToWait:
    message, found = case.message, case.found
    life = found.life or life_of(message)
    waiting = Waiting(ingest_id=message.record.ingest_id, due=due)
    change = Change(before=found.life, after=life.with_waiting(waiting), keys=found.keys)
    return ToWait(change, due, why)
