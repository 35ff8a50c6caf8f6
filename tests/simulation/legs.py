"""The accounts' own interface, from outside: it says the legs of sequences, in any order, some of
them twice, some never, and some of them wrong.
"""

import random
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain import chart
from domain.events import PostingLegCreated, envelope_of
from domain.posting import POSTED, Leg
from domain.sequence import header_id_of
from samples.leg_story import legs_said
from tests.simulation.scenario import ANYTHING, BUSY, Focus

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

_KINDS = ("right", "right", "draining", "draining", "unbalanced", "incomplete", "contradicted")


@dataclass(frozen=True, slots=True)
class Sequence:
    name: str
    kind: str
    account: str


class Interface:
    """Sequences of every kind; what must have become of each is known beforehand."""

    def __init__(self, run: "CloudRun", rng: random.Random, focus: Focus = ANYTHING) -> None:
        self._usual = (2, 3) if "legs" in focus.acts else (0, 0, 0, 0, 0, 0, 1, 2)
        self.sequences: list[Sequence] = []
        self._run = run
        self._rng = rng

    def plan(self, until: float) -> None:
        """None in most runs; their legs come until somewhat after the last message."""
        for number in range(self._rng.choice(self._usual)):
            kind, account = self._rng.choice(_KINDS), self._rng.choice(BUSY)
            self.sequences.append(Sequence(f"SEQ-{number}", kind, account))
            # What lacks money must come after what took it.
            latest = 1.0 if kind == "draining" else until + 30.0
            for event in self._said(self.sequences[-1]):
                for _ in range(self._rng.choice((1, 1, 1, 2))):
                    when = self._run.clock.seconds + self._rng.uniform(0.0, latest)
                    self._run.scheduler.at(when, self._saying(event))

    def unexpected(self, touched: Set[str]) -> Iterator[str]:
        """What became of a sequence, where it is something else than it must be."""
        rows = list(self._heads())
        yield from (f"{row['pk']} was never begun" for row in rows if "sequence_id" not in row)
        heads = {row["sequence_id"]: row for row in rows if "sequence_id" in row}
        booked = set(self._run.books.header_ids())
        for each in self.sequences:
            head = heads.get(each.name, {"state": "NOTHING", "got": 0})
            has_header = header_id_of(each.name) in booked
            if has_header != (head["state"] == "POSTED"):
                yield f"{each.name} is {head['state']}, and booked is {has_header}"
            if each.account not in touched and head["state"] not in _ENDS[each.kind]:
                yield f"{each.name} is {each.kind}, and ends as {head['state']}"

    def _heads(self) -> Iterator[Row]:
        return (row for row in self._run.books.rows("AssembliesTable") if row["sk"] == "H")

    def _said(self, sequence: Sequence) -> list[PostingLegCreated]:
        if sequence.kind == "draining":
            return legs_said(
                sequence.name, _draining(sequence, self._rng.randrange(200_000, 350_000))
            )
        amount = self._rng.randrange(1, 50_000)
        missing = 1 if sequence.kind == "unbalanced" else 0
        legs = (
            Leg(1, chart.nostro("EUR"), "EUR", "D", amount, POSTED, "TRANSFER"),
            Leg(2, chart.FX_FEE, "EUR", "D", 100, POSTED, "WAIVED"),
            Leg(
                3, chart.customer(sequence.account), "EUR", "C", amount + 100 - missing, POSTED, "T"
            ),
        )
        said = legs_said(sequence.name, legs)
        if sequence.kind == "incomplete":
            del said[self._rng.randrange(3)]
        if sequence.kind == "contradicted":
            said += legs_said(sequence.name, (*legs, legs[0]))[:1]
        return said

    def _saying(self, event: PostingLegCreated) -> Any:
        """Until the bus has taken it, as any sender does."""

        def say() -> None:
            answer = self._run.bus.put_events(Entries=[envelope_of(event, "posting")])
            if answer["FailedEntryCount"]:
                self._run.scheduler.later(5.0, say)

        return say


def _draining(sequence: Sequence, amount: int) -> tuple[Leg, ...]:
    """Most of what the account has, or more: purchases that follow lack money."""
    return (
        Leg(1, chart.customer(sequence.account), "EUR", "D", amount, POSTED, "TRANSFER"),
        Leg(2, chart.nostro("EUR"), "EUR", "C", amount, POSTED, "TRANSFER"),
    )


# A contradiction parks a sequence, unless it was booked before.
_ENDS = {
    "right": {"POSTED"},
    "draining": {"POSTED"},
    "unbalanced": {"PARKED"},
    "incomplete": {"OPEN"},
    "contradicted": {"PARKED", "POSTED"},
}
