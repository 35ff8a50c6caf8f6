"""A state machine over the life of a payment: messages in any order, repeated, timers, and what a
person orders about disputes, by the real commands.

The messages of one payment are drawn first and delivered in any order, some of them again and
again. What a model says of their sum must hold once all have come, whatever the way there.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.corrections import Instruction
from adapters.items import from_item
from cli.audit.available_is_right import available_is_right
from cli.audit.conservation import conservation
from cli.audit.payments_are_sound import (
    counters_are_in_bounds,
    counters_are_sums,
    held_is_open_holds,
    life_is_in_the_journal,
)
from domain.dispute_order import DisputeOrder
from domain.errors import Refused
from domain.events import TransactionPostingApproved
from domain.payment import Payment
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original

_ANN = Instruction(by="ann", note="contested")
_BOB = Instruction(by="bob", approve=True)
_BOOKED = {"OPENED", "WON", "LOST"}
_EXPIRES = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@st.composite
def stories(draw: st.DrawFn) -> list[TransactionPostingApproved]:
    """The messages of one payment, consistent with one another, in the order of their sense."""
    stans = (f"{number:06}" for number in itertools.count(1))
    return list(_hold(draw, stans)) + list(_purchase(draw, stans))


def _hold(draw: st.DrawFn, stans: Iterator[str]) -> Iterator[TransactionPostingApproved]:
    """An authorisation, increments, and reversals of no more than there is."""
    stan, left = next(stans), draw(st.integers(1, 9_000))
    named = original("0100", stan)
    yield approved("0110", stan, left)
    for more in draw(st.lists(st.integers(1, 3_000), max_size=2)):
        left += more
        yield approved("0110", next(stans), more, de90=named)
    for part in draw(st.lists(st.integers(1, 4_000), max_size=2)):
        if part <= left:
            left -= part
            yield approved("0420", next(stans), part, de90=named)


def _purchase(draw: st.DrawFn, stans: Iterator[str]) -> Iterator[TransactionPostingApproved]:
    """Clearings in parts, the last one final or not, and what goes back of each."""
    amounts = draw(st.lists(st.integers(1, 9_000), max_size=3))
    for number, amount in enumerate(amounts, start=1):
        stan, left = next(stans), amount
        named = original("0220", stan)
        of = {"de71": f"{number:04}", "de72": f"{len(amounts) + draw(st.integers(0, 1)):04}"}
        yield approved("0220", stan, amount, de71=of["de71"], de72=of["de72"])
        for part in draw(st.lists(st.integers(1, 5_000), max_size=2)):
            if part <= left:
                left -= part
                kind = draw(st.sampled_from(("0420", "0220")))
                de3 = "200000" if kind == "0220" else "000000"
                yield approved(kind, next(stans), part, de3=de3, de90=named)


class PaymentLife(RuleBasedStateMachine):
    """`open` are messages that did not come yet, `come` those that did."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = Tables()
        self.tables.open_account(limit=10_000_000)
        self.open: list[TransactionPostingApproved] = []
        self.come: list[TransactionPostingApproved] = []
        self.expired = False
        self.tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
        self.disputed: dict[str, int] = {}

    @initialize(story=stories())
    def begin(self, story: list[TransactionPostingApproved]) -> None:
        self.open = story

    # --- what may happen

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def a_message_comes(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.open) - 1))
        event = self.open.pop(at)
        self.come.append(event)
        self.tables.poster.post(event)

    @precondition(lambda self: self.come)
    @rule(data=st.data())
    def one_comes_again(self, data: st.DataObject) -> None:
        self.tables.poster.post(data.draw(st.sampled_from(self.come)))

    @rule()
    def the_posting_queue_is_worked_off(self) -> None:
        while self.tables.queue.bodies:
            body = self.tables.queue.bodies.pop(0)
            self.tables.poster.post(TransactionPostingApproved.from_envelope(body))

    @rule()
    def the_timers_run_early(self) -> None:
        """Nothing is due: they may do nothing but look."""
        before = self._rows("payments")
        ended = self.tables.timers.run(self.tables.now, lambda: False, dry_run=False)
        assert ended.expired == ()
        assert self._rows("payments") == before

    @precondition(lambda self: not self.open)
    @rule()
    def the_hold_expires(self) -> None:
        """Only once all messages have come: a reversal of an expired hold is refused."""
        self.the_posting_queue_is_worked_off()
        self.tables.now = _EXPIRES
        self.tables.timers.run(self.tables.now, lambda: False, dry_run=False)
        self.the_posting_queue_is_worked_off()
        self.expired = True

    @rule(
        action=st.sampled_from(("open", "win", "lose")),
        amount=st.integers(1, 6_000),
        case=st.sampled_from(("", "A")),
        write_off=st.booleans(),
        told=st.sampled_from((_ANN, _BOB)),
    )
    def a_dispute_is_ordered(
        self, action: Any, amount: int, case: str, write_off: bool, told: Instruction
    ) -> None:
        """What it books is what it says, once; what it refuses moves nothing."""
        if not self.come:
            return
        order = DisputeOrder(
            action=action,
            amount=amount,
            currency="EUR",
            reason="10.4",
            case=case,
            write_off=write_off and action == "lose",
        )
        journal, posted = len(self._headers()), self.tables.balance()
        try:
            done = self.tables.disputes.carry_out(self.come[0].data.msg_id, order, told)
        except Refused:
            done = {"result": "REFUSED"}
        booked = done["result"] in _BOOKED and not done.get("already")
        signs = {"open": 1, "lose": -1}
        net = signs.get(action, 0) * amount if booked and not order.write_off else 0
        assert len(self._headers()) == journal + booked
        assert self.tables.balance() == posted + net
        if booked:
            self.disputed[action] = self.disputed.get(action, 0) + amount

    # --- what must hold

    @invariant()
    def disputes_are_what_was_ordered(self) -> None:
        counters = {"open": "disputed", "win": "dispute_won", "lose": "dispute_lost"}
        for row in self._rows("payments"):
            if row["pk"].startswith("P#"):
                found = {action: row[name] for action, name in counters.items() if row[name]}
                assert found == self.disputed

    @invariant()
    def the_books_are_sound(self) -> None:
        payments = [row for row in self._rows("payments") if row["pk"].startswith("P#")]
        journal = self._rows("journal")
        headers = {row["pk"]: row for row in journal if row["sk"] == "H"}
        assert [
            *conservation(headers.values()),
            *available_is_right(self._rows("balances")),
            *held_is_open_holds(self._rows("balances"), payments),
            *life_is_in_the_journal(payments, headers),
            *counters_are_in_bounds(payments),
            *counters_are_sums(payments),
        ] == []

    def teardown(self) -> None:
        """All that was left comes; the end is that of the same messages in their own order."""
        for event in self.open:
            self.come.append(event)
            self.tables.poster.post(event)
        self.the_posting_queue_is_worked_off()
        if not self.come or self.expired or self.disputed:
            # What is disputed is not there for a refund: then the order matters, as it should.
            return
        orderly = Tables()
        orderly.open_account(limit=10_000_000)
        for event in sorted(self.come, key=lambda each: each.data.ingest_id):
            orderly.poster.post(event)
        assert _end(self.tables) == _end(orderly)
        assert not [row for row in self._rows("parked") if row["state"] == "PARKED"]

    def _headers(self) -> list[dict[str, Any]]:
        return [row for row in self._rows("journal") if row["sk"] == "H"]

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return [from_item(item) for item in self.tables.dynamodb.rows(table)]


def _end(tables: Tables) -> tuple[Payment, tuple[int, int, int], dict[tuple[str, str], int]]:
    """Counters, balance and the sum of all legs by account and layer."""
    rows = [from_item(item) for item in tables.dynamodb.rows("payments")]
    (payment_id,) = {row["payment_id"] for row in rows}
    life = tables.payments.get(payment_id)
    balance = tables.balances.read("cust:A1", "EUR")
    assert life is not None
    assert balance is not None
    sums: dict[tuple[str, str], int] = {}
    for item in tables.dynamodb.rows("journal"):
        for leg in from_item(item).get("legs", []):
            key = (leg["account"], leg["layer"])
            sums[key] = sums.get(key, 0) + leg["amount"] * (1 if leg["side"] == "C" else -1)
    neutral = Payment(
        **{
            name: getattr(life.payment, name)
            for name in Payment.__struct_fields__
            if name != "version"
        }
    )
    money = (balance.posted, balance.held, balance.available)
    return neutral, money, {key: total for key, total in sums.items() if total}


PaymentLife.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_any_life_of_a_payment = PaymentLife.TestCase
