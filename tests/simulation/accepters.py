"""Clerks who accept what payments cleared beyond their authorisation, while messages come.

They draw by numbers of their own, so that everybody else does what they would do without them.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.payments import life_of_row
from domain.payment import Payment
from tests.simulation.insisting import insist
from tests.simulation.scenario import ANYTHING, Focus, Scenario

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

type Act = Callable[[Payment], None]

_LOOKS, _LOOK_SECONDS = 20, 10.0
_LIKELY = 0.15
_ASKED_FOR = 0.9


class Accepters:
    """What they ask may be refused; what is counted of it must hold."""

    def __init__(self, run: "CloudRun", seed: int, focus: Focus = ANYTHING) -> None:
        self._run = run
        self._focus = focus
        self._rng = random.Random(f"accepters of {seed}")

    def plan(self, scenario: Scenario) -> None:
        for act in (self._accept, self._compete):
            asked_for = act.__name__.removeprefix("_") in self._focus.acts
            if self._rng.random() < (_ASKED_FOR if asked_for else _LIKELY):
                when = self._run.clock.seconds + self._rng.uniform(5.0, scenario.until)
                self._run.scheduler.at(when, partial(self._as_soon_as_there_is_one, act))

    def _as_soon_as_there_is_one(self, act: Act, looks: int = _LOOKS) -> None:
        """Many payments clear what was authorised; then what is asked is nonsense, and refused."""
        rows = self._run.books.rows("PaymentsTable")
        known = [life_of_row(row).payment for row in rows if row.get("cleared")]
        over = [each for each in known if each.excess]
        if over or (known and not looks):
            act(min(over or known, key=lambda each: each.payment_id))
        elif looks:
            again = partial(self._as_soon_as_there_is_one, act, looks - 1)
            self._run.scheduler.later(_LOOK_SECONDS, again)

    def _accept(self, payment: Payment) -> None:
        """All of it or a part, and once more."""
        amount = self._rng.randint(1, max(1, payment.excess))
        self._order(payment, amount)
        self._later(payment, amount)

    def _compete(self, payment: Payment) -> None:
        """Two accept all of it under other names, a third nearly all."""
        all_of_it = max(1, payment.excess)
        for case, amount in (("A", all_of_it), ("B", all_of_it), ("C", max(1, all_of_it - 1))):
            self._later(payment, amount, case=case, most=0.5)

    def _later(self, payment: Payment, amount: int, most: float = 60.0, case: str = "") -> None:
        order = partial(self._order, payment, amount, case)
        self._run.scheduler.later(self._rng.uniform(0.0, most), order)

    def _order(self, payment: Payment, amount: int, case: str = "") -> None:
        """One gives it, another one agrees: which does no harm where it was not needed."""
        order = {
            "action": "accept",
            "id": payment.payment_id,
            "amount": amount,
            "currency": payment.currency,
            "case": case,
            "note": "a tip",
        }
        self._ask(order | {"by": "ann"})
        approve = partial(self._ask, order | {"by": "bob", "approve": True})
        self._run.scheduler.later(self._rng.uniform(1.0, 40.0), approve)

    def _ask(self, event: Row) -> None:
        insist(self._run, "a clerk accepts an excess", "DisputeFunction", event)
