"""Doors that are closed for a while, and a request that cannot be received for now."""

from typing import TYPE_CHECKING

from tests.simulation import deployment
from tests.simulation.errands.messages import Sender, expect

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_ALL = {"doors": ["api", "files", "posting"], "by": "operator"}


def doors(run: "CloudRun", sender: Sender) -> None:
    deployment.ask(run, "DoorsFunction", _ALL | {"action": "pause"})
    status, answer = sender.post(sender.message())
    assert status == 503, answer
    deployment.ask(run, "DoorsFunction", _ALL | {"action": "resume"})
    # Until those who look at the door from time to time have seen it.
    run.clock.seconds += 60.0
    (received,) = sender.deliver(sender.message())
    expect(run, {received: "CLEAR"})
    _held_up(run, sender)


def _held_up(run: "CloudRun", sender: Sender) -> None:
    """The row of the record cannot be written for now, so that nothing of the request is kept."""
    held = ("InboxTable", (sender.next_id(),))
    run.database.busy.add(held)
    status, answer = sender.post(sender.message())
    assert (status, answer["code"]) == (503, "UNAVAILABLE"), answer
    run.database.busy.remove(held)
