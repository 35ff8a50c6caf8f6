"""Clerks who open and decide disputes while messages of the same payments are under way.

They draw by numbers of their own, so that everybody else does what they would do without them.
"""

import random
from functools import partial
from typing import TYPE_CHECKING, Any

from domain.payment import Payment
from tests.simulation.insisting import insist
from tests.simulation.people import People
from tests.simulation.scenario import ANYTHING, Focus, Scenario

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

_LIKELY = 0.1
_ASKED_FOR = 0.9
_FIELDS = set(Payment.__struct_fields__)


class Disputers:
    """What they ask may be refused; what is booked of it must hold."""

    def __init__(self, run: "CloudRun", seed: int, people: People, focus: Focus = ANYTHING) -> None:
        self._focus = focus
        self._run = run
        self._people = people
        self._rng = random.Random(f"disputers of {seed}")

    def plan(self, scenario: Scenario) -> None:
        acts = (self._dispute, self._dispute, self._contend, self._talk_nonsense)
        for act in acts:
            asked_for = act.__name__.removeprefix("_") in self._focus.acts
            if self._rng.random() < (_ASKED_FOR if asked_for else _LIKELY):
                when = self._run.clock.seconds + self._rng.uniform(5.0, scenario.until * 1.5)
                self._run.scheduler.at(when, act)

    # --- what they do

    def _dispute(self) -> None:
        """A dispute and its end, in one part or two."""
        row = self._some_payment()
        if row is None:
            return
        amount = self._rng.randint(1, max(1, _payment(row).kept))
        self._order(row, "open", amount)
        first = self._rng.choice((amount, self._rng.randint(1, amount)))
        for part in (first, amount - first):
            if part:
                self._later(partial(self._decide, row, part))

    def _contend(self) -> None:
        """Two open the same one, a third another one; then it is won and lost at once."""
        row = self._some_payment()
        if row is None:
            return
        kept = max(1, _payment(row).kept)
        for amount in (kept, kept, max(1, kept - 1)):
            self._later(partial(self._order, row, "open", amount), most=0.5)
        for action in ("win", "lose", "lose"):
            self._later(partial(self._order, row, action, kept))

    def _talk_nonsense(self) -> None:
        """Decided before it is opened, and of more than there is."""
        row = self._some_payment()
        if row is not None:
            self._order(row, "lose", 100)
            self._order(row, "open", _payment(row).cleared + 1)

    def _decide(self, row: Row, amount: int) -> None:
        ends: tuple[tuple[str, Row], ...] = (
            ("win", {}),
            ("lose", {}),
            ("lose", {"write_off": True}),
        )
        action, more = self._rng.choice(ends)
        self._order(row, action, amount, **more)

    # --- how they ask

    def _some_payment(self) -> Row | None:
        rows = self._run.books.rows("PaymentsTable")
        cleared = [row for row in rows if row.get("cleared") and row.get("account")]
        if not cleared:
            return None
        row = self._rng.choice(sorted(cleared, key=lambda each: str(each["pk"])))
        self._people.disputed.add(row["account"])
        return row

    def _order(self, row: Row, action: str, amount: int, **more: Any) -> None:
        """One gives it, another one agrees: which does no harm where it was not needed."""
        order = {
            "action": action,
            "id": row["payment_id"],
            "amount": amount,
            "currency": row["currency"],
            "reason": "10.4",
            "note": "contested",
            **more,
            **(self._settled(row, amount) if action == "win" else {}),
        }
        self._ask(order | {"by": "ann"})
        approve = partial(self._ask, order | {"by": "bob", "approve": True})
        self._run.scheduler.later(self._rng.uniform(1.0, 40.0), approve)

    def _settled(self, row: Row, amount: int) -> Row:
        """What the scheme pays where it settles in another currency."""
        first = next(each for each in row["taken"] if each["kind"] == "CLEAR")
        headers = {each["pk"]: each for each in self._run.books.rows("JournalTable")}
        owed = {
            leg["currency"]
            for leg in headers[first["header_id"]]["legs"]
            if leg["account"].startswith(("settle:", "susp:")) and leg["layer"] == "posted"
        }
        abroad = min(owed - {row["currency"]}, default=None)
        return {"settled": {"amount": amount, "currency": abroad}} if abroad else {}

    def _later(self, act: Any, most: float = 60.0) -> None:
        self._run.scheduler.later(self._rng.uniform(0.0, most), act)

    def _ask(self, event: Row) -> None:
        saying = f"a clerk orders a dispute to {event['action']}"
        insist(self._run, saying, "DisputeFunction", event)


def _payment(row: Row) -> Payment:
    return Payment(**{name: row[name] for name in _FIELDS & row.keys()})
