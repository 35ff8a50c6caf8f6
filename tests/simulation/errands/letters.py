"""One letter in each queue of letters, and redrive for each."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.events import envelope_of
from samples.invocations import batched
from samples.leg_story import legs_said
from tests.simulation import deployment
from tests.simulation.errands.messages import Sender
from tests.simulation.services.bus import Event
from tests.simulation.services.streams import Reader

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_SAMPLE = Path(__file__).parents[3] / "events" / "TransactionPostingApproved.json"


def letters(run: "CloudRun", sender: Sender) -> None:
    sender.deliver(*sender.kinds().values())
    for event in legs_said():
        run.bus.put_events(Entries=[envelope_of(event, "posting")])
    deployment.settle(run)
    _write(run)
    deployment.settle(run)
    _redriven(run)


def _write(run: "CloudRun") -> None:
    for reader in run.readers:
        _given_up(reader)
    for rule in run.plan.rules:
        for target in rule.targets:
            run.bus.write_letter(rule, target, _event_for(run, rule.pattern), "THROTTLED")
    for spec in run.plan.schedules:
        run.schedules.fail(spec)
    fed = {each.letters for each in run.plan.queues.values()}
    fed |= {each.letters for each in run.plan.buses.values()}
    for name in sorted(each for each in fed if each is not None):
        queue = run.queues.named[name]
        queue.lay((_approved() if queue.spec.fifo else run.bus.archive[0]).body)
    for queue in run.queues.named.values():
        if queue.arrived is None:
            queue.lay("nothing that anybody could read")


def _redriven(run: "CloudRun") -> None:
    for name, queue in run.queues.named.items():
        if queue.messages and queue.arrived is None:
            deployment.ask(run, "RedriveFunction", {"queue": name})
            deployment.settle(run)


def _given_up(reader: Reader) -> None:
    if reader.taken:
        reader.write_letter(0, reader.taken[:1])


def _approved() -> Event:
    """Of a record of its own: one that is booked already would only be deleted."""
    return Event(batched(json.loads(_SAMPLE.read_text())))


def _event_for(run: "CloudRun", pattern: Any) -> Event:
    """One that the rule is for, if the run had such a one."""
    wanted = pattern.get("detail-type", [])
    fitting = [each for each in run.bus.archive if each.content["detail-type"] in wanted]
    return (fitting or run.bus.archive)[0]
