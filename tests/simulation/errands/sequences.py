"""Sequences that cannot be booked: tried once more by an operator, or given up."""

from typing import TYPE_CHECKING

from domain import chart
from domain.events import PostingLegCreated, envelope_of
from domain.posting import POSTED, Leg
from samples.leg_story import legs_said
from tests.simulation import deployment
from tests.simulation.errands.messages import Sender
from tests.simulation.scenario import BUSY

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_UNBALANCED, _INCOMPLETE = "ERRAND-1", "ERRAND-2"
_LEGS = (
    Leg(1, chart.nostro("EUR"), "EUR", "D", 700, POSTED, "TRANSFER"),
    Leg(2, chart.customer(BUSY[0]), "EUR", "C", 699, POSTED, "TRANSFER"),
)


def sequences(run: "CloudRun", _sender: Sender) -> None:
    for event in (*legs_said(_UNBALANCED, _LEGS), legs_said(_INCOMPLETE, _LEGS)[0]):
        _say(run, event)
    deployment.settle(run)
    assert _states(run) == {_UNBALANCED: "PARKED", _INCOMPLETE: "OPEN"}
    deployment.ask(run, "CheckSequencesFunction", {})
    _order(run, "retry", _UNBALANCED)
    _order(run, "discard", _INCOMPLETE)
    assert _states(run) == {_UNBALANCED: "PARKED", _INCOMPLETE: "DISCARDED"}


def _say(run: "CloudRun", event: PostingLegCreated) -> None:
    run.bus.put_events(Entries=[envelope_of(event, "posting")])


def _order(run: "CloudRun", action: str, sequence_id: str) -> None:
    order = {"action": action, "sequence_id": sequence_id, "by": "operator", "note": "asked"}
    told = deployment.ask(run, "CheckSequencesFunction", order)
    assert "code" not in told, told
    deployment.settle(run)


def _states(run: "CloudRun") -> dict[str, str]:
    rows = [row for row in run.books.rows("AssembliesTable") if row["sk"] == "H"]
    named = (_UNBALANCED, _INCOMPLETE)
    return {row["sequence_id"]: row["state"] for row in rows if row["sequence_id"] in named}
