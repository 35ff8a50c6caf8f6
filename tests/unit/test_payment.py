"""A payment's counters: each transition and refusal, and that the order of messages is nothing."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.payment import Label, Payment
from domain.payment_steps import (
    Applied,
    Authorise,
    Clear,
    Expire,
    Increment,
    LoseDispute,
    OpenDispute,
    Refund,
    Refused,
    Reverse,
    ReverseClearing,
    Step,
    Waits,
    WinDispute,
    advance,
)

DUE = "2026-11-27T10:00:00Z"
LATER = "2026-12-20T10:00:00Z"
NEW = Payment(payment_id="pay_1", account="cust:A-1", currency="EUR")


def after(*steps: Step, start: Payment = NEW) -> Payment:
    """The payment after steps that all apply."""
    payment = start
    for step in steps:
        result = advance(payment, step)
        assert isinstance(result, Applied), result
        payment = result.payment
    return payment


def hold(amount: int = 6000) -> Authorise:
    return Authorise(amount=amount, expires_at=DUE)


def more(amount: int = 1000) -> Increment:
    return Increment(amount=amount, expires_at=DUE)


def part(amount: int) -> Clear:
    return Clear(amount=amount, final=False)


TRANSITIONS = {
    "an authorisation holds its amount": ([hold()], Label.AUTHORISED, 6000),
    "an increment holds more": ([hold(), more()], Label.AUTHORISED, 7000),
    "a part is reversed": ([hold(), Reverse(amount=2000)], Label.PARTIALLY_REVERSED, 4000),
    "all is reversed": ([hold(), Reverse(amount=6000)], Label.REVERSED, 0),
    "a final clearing of less releases the rest": ([hold(), Clear(amount=4500)], Label.CLEARED, 0),
    "a part clears and more is expected": ([hold(), part(4000)], Label.PARTIALLY_CLEARED, 2000),
    "parts clear all": ([hold(), part(4000), part(2000)], Label.CLEARED, 0),
    "more clears than was held": ([hold(), Clear(amount=7500)], Label.OVER_CLEARED, 0),
    "a hold expires": ([hold(), Expire(amount=6000, at=LATER)], Label.EXPIRED, 0),
    "a clearing comes after expiry": (
        [hold(), Expire(amount=6000, at=LATER), Clear(amount=6000)],
        Label.CLEARED_LATE,
        0,
    ),
    "a clearing comes after the reversal": (
        [hold(), Reverse(amount=6000), Clear(amount=6000)],
        Label.CLEARED_LATE,
        0,
    ),
    "a clearing comes without authorisation": ([Clear(amount=4500)], Label.FORCE_POSTED, 0),
    "its authorisation comes after it": ([Clear(amount=4500), hold()], Label.CLEARED, 0),
    "a clearing is reversed": (
        [Clear(amount=4500), ReverseClearing(amount=4500)],
        Label.CLEARING_REVERSED,
        0,
    ),
    "a part is refunded": (
        [hold(), Clear(amount=6000), Refund(amount=2000)],
        Label.PARTIALLY_REFUNDED,
        0,
    ),
    "all is refunded": ([Clear(amount=6000), Refund(amount=6000)], Label.REFUNDED, 0),
    "a dispute is open": ([Clear(amount=4500), OpenDispute(amount=4500)], Label.DISPUTED, 0),
    "a dispute is won": (
        [Clear(amount=4500), OpenDispute(amount=4500), WinDispute(amount=4500)],
        Label.DISPUTE_WON,
        0,
    ),
    "a dispute is lost": (
        [Clear(amount=4500), OpenDispute(amount=4500), LoseDispute(amount=4500)],
        Label.DISPUTE_LOST,
        0,
    ),
}


@pytest.mark.parametrize(("steps", "label", "held"), TRANSITIONS.values(), ids=TRANSITIONS)
def test_each_transition_ends_where_the_table_says(
    steps: list[Step], label: Label, held: int
) -> None:
    payment = after(*steps)
    assert (payment.label, payment.held, payment.version) == (label, held, len(steps))


WAITING = {
    "a reversal before its authorisation": ([], Reverse(amount=1)),
    "an increment before its authorisation": ([], more()),
    "a reversal of more than is authorised so far": ([hold()], Reverse(amount=6001)),
    "the reversal of a clearing that has not come": ([hold()], ReverseClearing(amount=1)),
    "a refund before its clearing": ([hold()], Refund(amount=1)),
    "a refund of more than has cleared so far": ([Clear(amount=10)], Refund(amount=11)),
    "a refund of what was reversed": (
        [Clear(amount=10), ReverseClearing(amount=10)],
        Refund(amount=1),
    ),
    "a refund of what is in dispute": (
        [Clear(amount=10), OpenDispute(amount=10)],
        Refund(amount=1),
    ),
}


@pytest.mark.parametrize(("before", "step"), WAITING.values(), ids=WAITING)
def test_what_comes_before_its_original_waits(before: list[Step], step: Step) -> None:
    assert isinstance(advance(after(*before), step), Waits)


REFUSED = {
    "a second first authorisation": ([hold()], hold(), "ALREADY_AUTHORISED"),
    "a reversal of an expired hold, which would count twice": (
        [hold(), Expire(amount=6000, at=LATER)],
        Reverse(amount=6000),
        "ALREADY_EXPIRED",
    ),
    "expiry before its time": ([hold()], Expire(amount=6000, at="2026-11-27"), "HOLD_CHANGED"),
    "expiry of a hold that has cleared meanwhile": (
        [hold(), Clear(amount=1)],
        Expire(amount=6000, at=LATER),
        "HOLD_CHANGED",
    ),
    "expiry of a part of the hold as it was": (
        [hold(), part(1000)],
        Expire(amount=6000, at=LATER),
        "HOLD_CHANGED",
    ),
    "a second expiry": (
        [hold(), Expire(amount=6000, at=LATER)],
        Expire(amount=6000, at=LATER),
        "HOLD_CHANGED",
    ),
    "a dispute of more than was cleared": (
        [Clear(amount=10)],
        OpenDispute(amount=11),
        "OVER_DISPUTED",
    ),
    "a dispute of what was refunded": (
        [Clear(amount=10), Refund(amount=10)],
        OpenDispute(amount=1),
        "OVER_DISPUTED",
    ),
    "a dispute won that was never opened": (
        [Clear(amount=10)],
        WinDispute(amount=1),
        "MORE_THAN_DISPUTED",
    ),
    "a dispute lost that was won": (
        [Clear(amount=10), OpenDispute(amount=10), WinDispute(amount=10)],
        LoseDispute(amount=10),
        "MORE_THAN_DISPUTED",
    ),
}


@pytest.mark.parametrize(("before", "step", "code"), REFUSED.values(), ids=REFUSED)
def test_what_nothing_could_allow_is_refused_by_name(
    before: list[Step], step: Step, code: str
) -> None:
    assert advance(after(*before), step) == Refused(code)


def test_an_authorisation_after_its_final_clearing_holds_nothing() -> None:
    cleared = after(Clear(amount=4500))
    result = advance(cleared, hold())
    assert isinstance(result, Applied)
    assert (result.held, result.payment.due) == (0, None)


def test_an_increment_prolongs_a_hold_and_never_shortens_it() -> None:
    prolonged = after(hold(), Increment(amount=1, expires_at=LATER))
    assert prolonged.due == LATER
    assert after(more(), start=prolonged).due == LATER


def test_a_step_of_nothing_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="positive"):
        Clear(amount=0)


def arrive(steps: Iterable[Step]) -> Payment:
    """The payment when steps come in this order, and what waits is tried again after each."""
    payment, waiting = NEW, []
    for step in steps:
        waiting.append(step)
        moved = True
        while moved:
            moved = False
            for each in list(waiting):
                result = advance(payment, each)
                assert not isinstance(result, Refused), (each, result)
                if isinstance(result, Applied):
                    payment, moved = result.payment, True
                    waiting.remove(each)
    assert not waiting
    return payment


LIVES = (
    (hold(6000), more(1000), Reverse(amount=6500), Clear(amount=500)),
    (hold(6000), part(4000), Clear(amount=3000), Refund(amount=7000)),
    (hold(6000), Reverse(amount=2000), Clear(amount=4000), ReverseClearing(amount=4000)),
    (Clear(amount=100), Clear(amount=50), Refund(amount=120), ReverseClearing(amount=30)),
    (hold(6000), more(500), more(700), Clear(amount=7200), Refund(amount=7200)),
)


@pytest.mark.parametrize("life", LIVES)
def test_messages_end_in_the_same_counters_in_any_order(life: tuple[Step, ...]) -> None:
    ends = {arrive(order) for order in itertools.permutations(life)}
    assert len(ends) == 1


AMOUNTS = st.integers(min_value=1, max_value=10_000)


@given(st.data())
def test_random_lives_end_the_same_in_a_random_order(data: st.DataObject) -> None:
    approved = data.draw(st.lists(AMOUNTS, min_size=1, max_size=3))
    cleared = data.draw(st.lists(AMOUNTS, min_size=1, max_size=3))
    expiry = st.sampled_from([DUE, LATER])
    life: list[Step] = [Authorise(amount=approved[0], expires_at=data.draw(expiry))]
    life += [Increment(amount=each, expires_at=data.draw(expiry)) for each in approved[1:]]
    life += [Clear(amount=amount, final=data.draw(st.booleans())) for amount in cleared]
    life += [Reverse(amount=each) for each in data.draw(pieces_of(sum(approved)))]
    life += [Refund(amount=each) for each in data.draw(pieces_of(sum(cleared)))]
    assert arrive(life) == arrive(data.draw(st.permutations(life)))


@st.composite
def pieces_of(draw: st.DrawFn, total: int) -> list[int]:
    """Up to three amounts that together are at most the total."""
    pieces = []
    for _ in range(draw(st.integers(min_value=0, max_value=3))):
        if total > 0:
            pieces.append(draw(st.integers(min_value=1, max_value=total)))
            total -= pieces[-1]
    return pieces


class AnyLife(RuleBasedStateMachine):
    """Messages and timers in any order; what a customer has held follows each step exactly."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = NEW
        self.held = 0

    def take(self, step: Step) -> None:
        result = advance(self.payment, step)
        if isinstance(result, Applied):
            assert result.payment.version == self.payment.version + 1
            self.held += result.held
            self.payment = result.payment

    @rule(amount=AMOUNTS, expires_at=st.sampled_from([DUE, LATER]))
    def authorise(self, amount: int, expires_at: str) -> None:
        self.take(Authorise(amount=amount, expires_at=expires_at))

    @rule(amount=AMOUNTS, expires_at=st.sampled_from([DUE, LATER]))
    def increment(self, amount: int, expires_at: str) -> None:
        self.take(Increment(amount=amount, expires_at=expires_at))

    @rule(amount=AMOUNTS, kind=st.sampled_from([Reverse, ReverseClearing, Refund]))
    def give_back(self, amount: int, kind: type[Step]) -> None:
        self.take(kind(amount=amount))

    @rule(amount=AMOUNTS, final=st.booleans())
    def clear(self, amount: int, final: bool) -> None:
        self.take(Clear(amount=amount, final=final))

    @rule(at=st.sampled_from(["2026-11-01T00:00:00Z", DUE, LATER]))
    def expire(self, at: str) -> None:
        if self.payment.held:
            self.take(Expire(amount=self.payment.held, at=at))

    @rule(amount=AMOUNTS, kind=st.sampled_from([OpenDispute, WinDispute, LoseDispute]))
    def dispute(self, amount: int, kind: type[Step]) -> None:
        self.take(kind(amount=amount))

    @invariant()
    def what_is_held_is_the_sum_of_what_each_step_said(self) -> None:
        assert self.held == self.payment.held >= 0

    @invariant()
    def counters_keep_their_bounds(self) -> None:
        payment = self.payment
        assert payment.cleared - payment.clearing_reversed >= payment.refunded
        assert payment.reversed <= payment.approved
        assert payment.disputable >= 0
        assert payment.dispute_won + payment.dispute_lost <= payment.disputed

    @invariant()
    def nothing_is_due_while_nothing_is_held(self) -> None:
        assert (self.payment.due is not None) == (self.payment.held > 0)


TestAnyLife = AnyLife.TestCase
