"""What a message, a timer or a person's order does to a payment.

A step is applied, or it waits for what it follows, or it is refused by name. A step that was
applied commutes with every other one: counters only add, and the open hold is read off them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.payment import Payment


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is in minor units of the account's currency, more than zero."""

    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"a step moves a positive amount, not {self.amount}")


class Authorise(Step, frozen=True, kw_only=True):
    """An approved authorisation: keep the amount until `expires_at` (ISO, UTC)."""

    expires_at: str


class Increment(Step, frozen=True, kw_only=True):
    """More for an authorisation that stands, which may live longer with it."""

    expires_at: str


class Reverse(Step, frozen=True, kw_only=True):
    """Give back a part of the hold, or all of it."""


class Clear(Step, frozen=True, kw_only=True):
    """The purchase itself. `final`: no further clearing comes, so the rest of the hold goes.

    `single`: request and clearing in one message, so that no authorisation is missed.
    """

    final: bool = True
    single: bool = False


class ReverseClearing(Step, frozen=True, kw_only=True):
    """Undo a part of what was cleared, or all of it."""


class Refund(Step, frozen=True, kw_only=True):
    """Money back for a purchase that was cleared."""


class RefundUnlinked(Step, frozen=True, kw_only=True):
    """Money back that names no purchase of ours: it takes nothing from what may still go back."""


class Expire(Step, frozen=True, kw_only=True):
    """The hold is older than its network allows. `at` is the instant of the timer (ISO, UTC)."""

    at: str


class OpenDispute(Step, frozen=True, kw_only=True):
    """The customer contests a part of what was cleared."""


class WinDispute(Step, frozen=True, kw_only=True):
    """The scheme gives the money back."""


class LoseDispute(Step, frozen=True, kw_only=True):
    """The purchase stands. `written_off`: we bear it, and the customer keeps the credit."""

    written_off: bool = False


class AcceptExcess(Step, frozen=True, kw_only=True):
    """Somebody finds right what was cleared beyond the authorisation."""


class Applied(msgspec.Struct, frozen=True):
    """The payment after the step. `held` is what the customer's held money changes by."""

    payment: Payment
    held: int


class Waits(msgspec.Struct, frozen=True):
    """What this step follows has not come yet; it may still."""

    reason: str


class Refused(msgspec.Struct, frozen=True):
    """Nothing that could still come would allow it."""

    code: str


type Result = Applied | Waits | Refused

NO_AUTHORISATION = "NO_AUTHORISATION"
MORE_THAN_AUTHORISED = "MORE_THAN_AUTHORISED"
MORE_THAN_CLEARED = "MORE_THAN_CLEARED"
NO_CLEARING = "NO_CLEARING"
ALREADY_AUTHORISED = "ALREADY_AUTHORISED"
ALREADY_EXPIRED = "ALREADY_EXPIRED"
HOLD_CHANGED = "HOLD_CHANGED"
MORE_THAN_DISPUTED = "MORE_THAN_DISPUTED"
OVER_DISPUTED = "OVER_DISPUTED"
MORE_THAN_EXCESS = "MORE_THAN_EXCESS"


def advance(payment: Payment, step: Step) -> Result:
    """The payment after a step, or why there is none. Pure: the same inputs, the same result."""
    return _RULES[type(step)](payment, step)


def _applied(payment: Payment, **changed: Any) -> Applied:
    after = replace(payment, **changed, version=payment.version + 1)
    return Applied(after, after.held - payment.held)


def _authorise(payment: Payment, step: Authorise) -> Result:
    if payment.authorised:
        return Refused(ALREADY_AUTHORISED)
    return _applied(
        payment, authorised=step.amount, lives_until=max(payment.lives_until, step.expires_at)
    )


def _increment(payment: Payment, step: Increment) -> Result:
    if payment.authorised == 0:
        return Waits(NO_AUTHORISATION)
    return _applied(
        payment,
        incremented=payment.incremented + step.amount,
        lives_until=max(payment.lives_until, step.expires_at),
    )


def _reverse(payment: Payment, step: Reverse) -> Result:
    if payment.expired:
        return Refused(ALREADY_EXPIRED)
    if payment.authorised == 0:
        return Waits(NO_AUTHORISATION)
    if payment.reversed + step.amount > payment.approved:
        return Waits(MORE_THAN_AUTHORISED)
    return _applied(payment, reversed=payment.reversed + step.amount)


def _clear(payment: Payment, step: Clear) -> Result:
    return _applied(
        payment,
        cleared=payment.cleared + step.amount,
        complete=payment.complete or step.final,
        single=payment.single or step.single,
    )


def _reverse_clearing(payment: Payment, step: ReverseClearing) -> Result:
    if payment.cleared == 0:
        return Waits(NO_CLEARING)
    if step.amount > payment.disputable:
        return Waits(MORE_THAN_CLEARED)
    return _applied(payment, clearing_reversed=payment.clearing_reversed + step.amount)


def _refund(payment: Payment, step: Refund) -> Result:
    if payment.cleared == 0:
        return Waits(NO_CLEARING)
    if step.amount > payment.disputable:
        return Waits(MORE_THAN_CLEARED)
    return _applied(payment, refunded=payment.refunded + step.amount)


def _refund_unlinked(payment: Payment, step: RefundUnlinked) -> Result:
    return _applied(payment, unlinked=payment.unlinked + step.amount)


def _expire(payment: Payment, step: Expire) -> Result:
    """Only what was seen as open and overdue: a clearing or an increment may have come between."""
    due = payment.due
    if due is None or step.at < due or step.amount != payment.held:
        return Refused(HOLD_CHANGED)
    return _applied(payment, expired=payment.expired + step.amount)


def _open_dispute(payment: Payment, step: OpenDispute) -> Result:
    if step.amount > payment.disputable:
        return Refused(OVER_DISPUTED)
    return _applied(payment, disputed=payment.disputed + step.amount)


def _win_dispute(payment: Payment, step: WinDispute) -> Result:
    if not _in_dispute(payment, step):
        return Refused(MORE_THAN_DISPUTED)
    return _applied(payment, dispute_won=payment.dispute_won + step.amount)


def _lose_dispute(payment: Payment, step: LoseDispute) -> Result:
    if not _in_dispute(payment, step):
        return Refused(MORE_THAN_DISPUTED)
    borne = step.amount if step.written_off else 0
    return _applied(
        payment,
        dispute_lost=payment.dispute_lost + step.amount,
        written_off=payment.written_off + borne,
    )


def _accept_excess(payment: Payment, step: AcceptExcess) -> Result:
    if step.amount > payment.excess:
        return Refused(MORE_THAN_EXCESS)
    return _applied(payment, accepted=payment.accepted + step.amount)


def _in_dispute(payment: Payment, step: Step) -> bool:
    return step.amount <= payment.disputed - payment.dispute_won - payment.dispute_lost


_RULES: Mapping[type[Step], Callable[[Payment, Any], Result]] = {
    Authorise: _authorise,
    Increment: _increment,
    Reverse: _reverse,
    Clear: _clear,
    ReverseClearing: _reverse_clearing,
    Refund: _refund,
    RefundUnlinked: _refund_unlinked,
    Expire: _expire,
    OpenDispute: _open_dispute,
    WinDispute: _win_dispute,
    LoseDispute: _lose_dispute,
    AcceptExcess: _accept_excess,
}
