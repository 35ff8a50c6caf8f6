"""Clerks who open accounts with opening money, and close them while it is under way.

They draw by numbers of their own, so that everybody else does what they would do without them.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulation.deployment import account_row
from tests.simulation.insisting import insist
from tests.simulation.scenario import ANYTHING, NEWCOMER, Focus, Scenario

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

_LIKELY = 0.1
_ASKED_FOR = 0.9
_ACCOUNTS = ("A-8001", "A-8002")


class Openers:
    """After the drain `repair` does what the audit says of orders that were lost."""

    def __init__(self, run: "CloudRun", seed: int, focus: Focus = ANYTHING) -> None:
        self._run = run
        self._focus = focus
        self._rng = random.Random(f"openers of {seed}")

    def plan(self, scenario: Scenario) -> None:
        for account in _ACCOUNTS:
            asked_for = "open_and_close" in self._focus.acts
            if self._rng.random() < (_ASKED_FOR if asked_for else _LIKELY):
                when = self._run.clock.seconds + self._rng.uniform(5.0, scenario.until * 1.5)
                self._run.scheduler.at(when, partial(self._open_and_close, account))

    def repair(self, ask: Callable[[str, Row], Any]) -> None:
        """The row of an account whose opening money was not booked is loaded again."""
        for row in self._run.books.rows("BalancesTable"):
            if row.get("opening_due") and row["status"] != "CLOSED":
                ask("LoadReferenceFunction", _load(row["account"].removeprefix("cust:")))

    def _open_and_close(self, account: str) -> None:
        """Some load it twice; it is closed by an order, by a load, and once more."""
        load = _load(account)
        self._ask("LoadReferenceFunction", load)
        if self._rng.random() < 0.5:
            self._later("LoadReferenceFunction", load)
        order = {"action": "close", "account_id": account, "by": "ann", "note": "a mistake"}
        self._later("AccountFunction", order)
        self._later("LoadReferenceFunction", _load(account, status="CLOSED", opening_money=0))
        self._later("AccountFunction", order, most=60.0)

    def _later(self, function: str, event: Row, most: float = 3.0) -> None:
        ask = partial(self._ask, function, event)
        self._run.scheduler.later(self._rng.uniform(0.0, most), ask)

    def _ask(self, function: str, event: Row) -> None:
        insist(self._run, f"an opener invokes {function} {event['action']}", function, event)


def _load(account: str, **terms: Any) -> Row:
    row = account_row(NEWCOMER) | {"account_id": account} | terms
    return {"action": "rows", "kind": "accounts", "version": 2, "rows": [row]}
