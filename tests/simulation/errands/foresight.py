"""What would become of messages: asked by a partner, from a file, and of other rules."""

import base64
import json
from typing import TYPE_CHECKING, Any

from samples.population import STRAY_CARDS
from tests.simulation import deployment
from tests.simulation.errands.messages import Message, Sender, naming

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_WOULD_BE = ["POSTED", "POSTED", "SUSPENDED", "POSTED", "WAITING"]


def foresight(run: "CloudRun", sender: Sender) -> None:
    held = sender.message("0120")
    sender.deliver(*sender.kinds().values(), held)
    writes = run.database.writes
    _of_a_partner(sender, held)
    _of_a_file(run, sender)
    _of_other_rules(run)
    assert run.database.writes == writes, "a dry run wrote"


def _of_a_partner(sender: Sender, held: Message) -> None:
    """One of the messages follows a hold that stands."""
    kinds = (
        sender.message(),
        sender.message(de49="840", de19="840"),
        sender.message(card=STRAY_CARDS[2]),
        sender.follow(held, "0420", de90=naming(held, "0100")),
        sender.request(),
    )
    status, answer = sender.post(*kinds, dryRun="true")
    outcomes = [each["outcome"] for each in answer["results"]]
    assert status == 200
    assert outcomes == _WOULD_BE, outcomes


def _of_a_file(run: "CloudRun", sender: Sender) -> None:
    """In two parts, of which the second one goes on where the first one ended."""
    one = sender.message()
    first = _records(run, [one], {})
    again = _records(run, [one], first["so_far"])
    assert first["results"][0]["outcome"] == "POSTED"
    assert again["results"][0]["outcome"] == "DUPLICATE"


def _records(run: "CloudRun", messages: list[Message], so_far: Any) -> Any:
    records = [base64.b64encode(json.dumps(each).encode()).decode() for each in messages]
    order = {"action": "records", "format": ".jsonl", "records": records, "so_far": so_far}
    return deployment.ask(run, "DryRunFunction", order)


def _of_other_rules(run: "CloudRun") -> None:
    """By the same rules under another version: what was approved is approved."""
    details = [
        each.content["detail"]
        for each in run.bus.archive
        if each.content["detail-type"] == "TransactionEnriched"
    ]
    order = {"action": "decide", "rule_version": "v1", "events": details[-3:]}
    told = deployment.ask(run, "DryRunFunction", order)["results"]
    assert len(told) == 3
    assert all(each["before"]["outcome"] != "FAILED" for each in told), told
