"""What a decided record does to its payment: the step, and the payment after it."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from domain.events import Decided
from domain.life import AUTHORISE, CLEAR, INCREMENT, REFUND, REVERSE, Life, Taken, new_life
from domain.matching import Keys, keys_of
from domain.payment import Payment
from domain.payment_steps import (
    Applied,
    Authorise,
    Clear,
    Increment,
    Refund,
    RefundUnlinked,
    Refused,
    Reverse,
    ReverseClearing,
    Step,
    Waits,
    advance,
)
from domain.transaction import Transaction, read_transaction
from domain.undoing import Part, undo

NO_ORIGINAL_DATA = "NO_ORIGINAL_DATA"
ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
_HOLDS = frozenset({AUTHORISE, INCREMENT})
_CLEARINGS = frozenset({CLEAR})
# The class of the message that DE90 names says what is undone, so that no order of arrival does.
_UNDONE_BY_CLASS = {"1": _HOLDS, "2": _CLEARINGS}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A decided record as its payment sees it. `header_id` is what it will be booked as."""

    record: Decided
    transaction: Transaction
    keys: Keys
    kind: str
    header_id: str
    at: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A payment before and after a message. `held` is the change of the held money, `parts` are
    what is undone of earlier messages, `keys` those by which later messages find the payment.
    """

    before: Life | None
    after: Life
    held: int = 0
    parts: tuple[Part, ...] = ()
    keys: tuple[str, ...] = ()

    def then(self, later: "Change") -> "Change":
        """Both in one: what is to be written when the later one follows at once."""
        keys = dict.fromkeys((*self.keys, *later.keys))
        return replace(later, before=self.before, held=self.held + later.held, keys=tuple(keys))


class _Planned(msgspec.Struct, frozen=True):
    """`step` is None for an undone share that rounds to nothing."""

    step: Step | None
    parts: tuple[Part, ...] = ()


def message_of(record: Decided, header_id: str, business_time: str) -> Message:
    transaction = read_transaction(record.mti, record.network, record.cain)
    return Message(
        record=record,
        transaction=transaction,
        keys=keys_of(transaction),
        kind=_kind(transaction),
        header_id=header_id,
        at=business_time,
    )


def take(message: Message, life: Life | None) -> Change | Waits | Refused:
    """The payment (None: no message of it came) after this message, or why not.

    A record whose account is not the payment's is refused as ACCOUNT_CHANGED: the card was given to
    another account between the two.
    """
    before = life
    life = _adopted(message, life or life_of(message))
    if life is None:
        return Refused(ACCOUNT_CHANGED)
    planned = _PLANS[message.kind](message, life)
    if not isinstance(planned, _Planned):
        return planned
    return _applied(message, before, life, planned)


def take_unlinked(message: Message, life: Life | None) -> Change | Waits | Refused:
    """A refund whose purchase never came, or cannot be compared with it."""
    adopted = _adopted(message, life or life_of(message))
    if adopted is None:
        return Refused(ACCOUNT_CHANGED)
    step = RefundUnlinked(amount=_billed(message))
    return _applied(message, life, adopted, _Planned(step))


def unmatched(message: Message, life: Life) -> Life:
    """The payment after a reversal that waited in vain."""
    left = life.without(message.record.ingest_id).next_version()
    if message.kind != REVERSE:
        return left
    return replace(left, payment=replace(left.payment, unmatched=left.payment.unmatched + 1))


def is_stand_in(message: Message) -> bool:
    """A 0120: the network answered for us, and the money is promised."""
    return message.transaction.mti_function == "advice"


def is_single(message: Message) -> bool:
    """A 0210 answers a request that authorised and cleared in one."""
    return message.transaction.mti_function == "response"


def life_of(message: Message) -> Life:
    """The payment that begins with this message."""
    record = message.record
    return new_life(message.keys.first, record.network, record.token, record.last4)


def _kind(transaction: Transaction) -> str:
    """An authorisation that names an original adds to it."""
    match transaction.mti_class:
        case "reversal":
            return REVERSE
        case "authorisation":
            return INCREMENT if transaction.original else AUTHORISE
        case _:
            return REFUND if transaction.is_refund else CLEAR


def _adopted(message: Message, life: Life) -> Life | None:
    """The payment with its account, which the first message that knows it says."""
    account, payment = message.record.account, life.payment
    if account is None:
        return life
    if not payment.account:
        known = replace(payment, account=account.account_id, currency=account.currency)
        return replace(life, payment=known)
    return (
        life
        if (payment.account, payment.currency) == (account.account_id, account.currency)
        else None
    )


def _applied(
    message: Message, before: Life | None, life: Life, planned: _Planned
) -> Change | Waits | Refused:
    payment, held = _stepped(life.payment, planned.step), 0
    if isinstance(payment, Applied):
        payment, held = payment.payment, payment.held
    if not isinstance(payment, Payment):
        return payment
    record = message.record
    taken = Taken(
        header_id=message.header_id,
        msg_id=record.msg_id,
        ingest_id=record.ingest_id,
        kind=message.kind,
        key=message.keys.own,
        at=message.at,
        amount=planned.step.amount if planned.step else 0,
        transaction=record.amounts.transaction,
    )
    undone = {part.of.header_id: part.after - part.before for part in planned.parts}
    after = life.without(record.ingest_id).undo(undone)
    return Change(
        before=before,
        after=replace(after, payment=payment, taken=(*after.taken, taken)),
        held=held,
        parts=planned.parts,
        keys=message.keys.all,
    )


def _stepped(payment: Payment, step: Step | None) -> Payment | Applied | Waits | Refused:
    return advance(payment, step) if step else replace(payment, version=payment.version + 1)


def _billed(message: Message) -> int:
    billing = message.record.amounts.billing
    if billing is None:
        raise ValueError(f"{message.record.ingest_id} has no billing amount")
    return billing.amount


def _authorise(message: Message, _life: Life) -> _Planned:
    return _Planned(Authorise(amount=_billed(message), expires_at=_expires(message)))


def _increment(message: Message, _life: Life) -> _Planned:
    return _Planned(Increment(amount=_billed(message), expires_at=_expires(message)))


def _expires(message: Message) -> str:
    if message.record.hold_until is None:
        raise ValueError(f"{message.record.ingest_id} has no lifetime for its hold")
    return message.record.hold_until


def _clear(message: Message, _life: Life) -> _Planned:
    step = Clear(
        amount=_billed(message), final=message.transaction.final, single=is_single(message)
    )
    return _Planned(step)


def _reverse(message: Message, life: Life) -> _Planned | Waits | Refused:
    original = message.transaction.original
    kinds = _UNDONE_BY_CLASS.get((original and original.message_class) or "")
    if kinds is None or message.keys.original is None:
        return Refused(NO_ORIGINAL_DATA)
    parts = undo(life.taken, kinds, message.keys.original, message.record.amounts.transaction)
    if not isinstance(parts, tuple):
        return parts
    amount = sum(part.amount for part in parts)
    if amount == 0:
        return _Planned(None, parts)
    step = Reverse(amount=amount) if kinds is _HOLDS else ReverseClearing(amount=amount)
    return _Planned(step, parts)


def _refund(message: Message, life: Life) -> _Planned | Waits | Refused:
    original = message.transaction.original
    if original is None:
        return _Planned(RefundUnlinked(amount=_billed(message)))
    named = message.keys.original if original.message_class == "2" else None
    parts = undo(life.taken, _CLEARINGS, named, message.record.amounts.transaction)
    if not isinstance(parts, tuple):
        return parts
    amount = sum(part.amount for part in parts)
    return _Planned(Refund(amount=amount) if amount else None, parts)


_PLANS: Mapping[str, Callable[[Message, Life], _Planned | Waits | Refused]] = {
    AUTHORISE: _authorise,
    INCREMENT: _increment,
    CLEAR: _clear,
    REVERSE: _reverse,
    REFUND: _refund,
}
