"""Booking a dispute: the step of its payment, and the postings, or the name of what forbids it."""

import msgspec
from msgspec.structs import replace

from domain import chart, disputing
from domain.booking import BalanceRow, Booking, flag_overdrawn
from domain.dispute_order import (
    LOST,
    OPENED,
    WON,
    DisputeOrder,
    dispute_header_id,
    disputed_clearing,
)
from domain.errors import Refused
from domain.life import DISPUTE, LOSE, WIN, Life, Taken
from domain.lifecycle import Change
from domain.missing_funds import OVERDRAW, SUSPEND, funds_postings
from domain.payment_steps import Applied, LoseDispute, OpenDispute, Step, WinDispute, advance
from domain.posting import Posting, legs_of
from domain.reference import FundsPolicy, status_refusal

_PURPOSE = {"open": OPENED, "win": WON, "lose": LOST}
_KIND = {"open": DISPUTE, "win": WIN, "lose": LOSE}
_SAID = {"open": "Dispute opened", "win": "Dispute won", "lose": "Dispute lost"}


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """Who ordered it, when (ISO, UTC) and why; `order_id` names the row that keeps the order."""

    order_id: str
    by: str
    at: str
    note: str = ""
    approved_by: str = ""

    def decided(self, state: str, **more: str) -> dict[str, str]:
        """What the header says of it, without what is empty."""
        told = {"state": state, "at": self.at, "by": self.by, "approved_by": self.approved_by}
        told |= {**more, "note": self.note}
        return {name: value for name, value in told.items() if value}


class Disputed(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for it. `balance` is the customer's row, None where it does not move.

    `settled_in` is the currency that the scheme settles the purchase in; `corrected` what
    corrections have given back of it already, in minor units of the account's currency.
    """

    life: Life
    balance: BalanceRow | None
    policy: FundsPolicy = OVERDRAW
    settled_in: str
    corrected: int = 0


def book_dispute(order: DisputeOrder, known: Disputed, ordered: Ordered) -> Booking:
    """The booking of an order. Raises Refused: what is ordered must be there to dispute or to
    decide, and the account must take it.
    """
    life, header_id = known.life, dispute_header_id(known.life, order)
    payment, clearing = life.payment, disputed_clearing(life)
    _refuse_nonsense(order, known)
    _refuse_too_much(order, known)
    _refuse_status(order, known.balance)
    advanced = advance(payment, _step(order))
    if not isinstance(advanced, Applied):
        raise Refused("NOT_DISPUTABLE", f"{payment.payment_id} does not take it: {advanced}")
    taken = Taken(
        header_id=header_id,
        msg_id=clearing.msg_id,
        ingest_id=clearing.ingest_id,
        kind=_KIND[order.action],
        key=order.key,
        at=ordered.at,
        amount=order.amount,
        transaction=order.money,
    )
    after = replace(life, payment=advanced.payment, taken=(*life.taken, taken))
    moves_customer = order.direction is not None
    booking = Booking(
        header_id=header_id,
        purpose=_PURPOSE[order.action],
        msg_id=clearing.msg_id,
        ingest_id=clearing.ingest_id,
        fingerprint=order.fingerprint,
        legs=legs_of(_postings(order, known)),
        value_date=ordered.at[:10],
        customer=chart.customer(payment.account) if moves_customer else None,
        currency=payment.currency if moves_customer else None,
        network=life.network,
        token=life.token,
        last4=life.last4,
        narrative=_narrative(order),
        causation_id=ordered.order_id,
        business_time=ordered.at,
        decided=ordered.decided(_PURPOSE[order.action], reason=order.reason, case=order.case),
        change=Change(before=life, after=after, held=advanced.held),
    )
    return flag_overdrawn(booking, known.balance)


def _step(order: DisputeOrder) -> Step:
    if order.action == "open":
        return OpenDispute(amount=order.amount)
    if order.action == "win":
        return WinDispute(amount=order.amount)
    return LoseDispute(amount=order.amount, written_off=order.write_off)


def _refuse_nonsense(order: DisputeOrder, known: Disputed) -> None:
    currency = known.life.payment.currency
    if order.currency != currency:
        raise Refused("CURRENCY_DIFFERS", f"the payment is in {currency}, not in {order.currency}")
    if order.write_off and order.action != "lose":
        raise Refused("NOT_LOST", "only what is lost can be written off: leave --write-off out")
    if order.settled is not None and order.action != "win":
        raise Refused("NOT_WON", "only what is won is paid by the scheme: leave --settled out")
    if order.action != "win":
        return
    foreign = known.settled_in if known.settled_in != currency else None
    if (order.settled.currency if order.settled else None) != foreign:
        told = f"say what it pays with --settled AMOUNT {foreign}" if foreign else "leave it out"
        raise Refused("SETTLED_IN", f"the scheme settles this in {known.settled_in}: {told}")
    if order.settled is not None and order.settled.amount <= 0:
        raise Refused("SETTLED_IN", "what the scheme pays is more than nothing")


def _refuse_too_much(order: DisputeOrder, known: Disputed) -> None:
    life = known.life
    if order.action == "open":
        left = life.payment.disputable - max(0, known.corrected)
        if order.amount > left:
            told = f"{max(0, left)} {order.currency} minor units of {life.payment.payment_id}"
            raise Refused("OVER_DISPUTED", f"{told} can be disputed, not {order.amount}")
        return
    opened, decided = _of_case(life, order, (DISPUTE,)), _of_case(life, order, (WIN, LOSE))
    case = f"case {order.case}" if order.case else "no case of a name"
    if opened == 0:
        told = f"nothing of {life.payment.payment_id} is disputed in {case}"
        raise Refused("NOT_DISPUTED", told)
    if opened == decided:
        raise Refused("ALREADY_DECIDED", f"all {opened} minor units in {case} are decided")
    if order.amount > opened - decided:
        told = f"{opened - decided} minor units in {case} are undecided, not {order.amount}"
        raise Refused("MORE_THAN_DISPUTED", told)


def _of_case(life: Life, order: DisputeOrder, kinds: tuple[str, ...]) -> int:
    return sum(each.amount for each in life.taken if each.kind in kinds and each.key == order.key)


def _refuse_status(order: DisputeOrder, balance: BalanceRow | None) -> None:
    """As for any booking of this direction, except that nobody is owed this one."""
    if order.direction is None:
        return
    if balance is None:
        raise Refused("UNKNOWN_ACCOUNT", "the account has no balance row: load it first")
    refusal = status_refusal(balance.status, order.direction)
    if refusal is not None:
        remedy = "open it first" if order.action == "open" else "open it first, or --write-off"
        raise Refused(refusal, f"{balance.account} is {balance.status}: {remedy}")


def _postings(order: DisputeOrder, known: Disputed) -> tuple[Posting, ...]:
    account_id, network = known.life.payment.account, known.life.network
    if order.action == "win":
        return disputing.win_dispute(network, order.money, order.settled)
    if order.write_off:
        return disputing.bear_dispute(order.money)
    if order.action == "open":
        return _funded(disputing.open_dispute(account_id, order.money), known)
    return _funded(disputing.lose_dispute(account_id, order.money), known)


def _funded(postings: tuple[Posting, ...], known: Disputed) -> tuple[Posting, ...]:
    """A credit pays first what the account lacked. A debit is forced: where the product would
    suspend a purchase, it goes below zero, since no scheme is owed anything here.
    """
    balance = known.balance
    if balance is None:
        return postings
    funded = funds_postings(
        postings,
        known.life.payment.account,
        available=balance.available,
        receivable=balance.receivable,
        policy=OVERDRAW if known.policy == SUSPEND else known.policy,
    )
    return funded or postings


def _narrative(order: DisputeOrder) -> str:
    case = f", case {order.case}" if order.case else ""
    return f"{_SAID[order.action]}: reason {order.reason}{case}"
