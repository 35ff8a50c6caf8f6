"""A sequence from outside, on the running system: from the bus to a booking that is announced."""

import uuid
from typing import Any

import pytest

from adapters.assemblies import Assemblies, Assembly
from cli import sequences
from cli.invocation import invoke
from domain.events import envelope_of
from domain.posting import Leg
from domain.sequence import header_id_of
from samples.leg_story import legs_said
from tests.engine.live import Stack, eventually

pytestmark = pytest.mark.engine


def say(stack: Stack, sequence_id: str, legs: tuple[Leg, ...]) -> None:
    """Every leg twice, the last one first."""
    bus = stack.system.output("BusName")
    entries = [envelope_of(each, bus) for each in legs_said(sequence_id, legs)]
    answer = stack.client("events").put_events(Entries=[*reversed(entries), *entries])
    assert answer["FailedEntryCount"] == 0


def found(stack: Stack, sequence_id: str) -> Assembly | None:
    assemblies = Assemblies(stack.client("dynamodb"), stack.system.table("Assemblies"))
    return assemblies.get(sequence_id)


def ended(stack: Stack, sequence_id: str) -> Assembly:
    """The sequence once it is open no more."""
    eventually(lambda: getattr(found(stack, sequence_id), "state", "OPEN") != "OPEN")
    assembly = found(stack, sequence_id)
    assert assembly is not None
    return assembly


def header(stack: Stack, sequence_id: str) -> dict[str, Any]:
    key = {"pk": {"S": header_id_of(sequence_id)}, "sk": {"S": "H"}}
    answer = stack.client("dynamodb").get_item(
        TableName=stack.system.table("Journal"), Key=key, ConsistentRead=True
    )
    return dict(answer.get("Item", {}))


def test_legs_from_the_bus_become_one_booking(stack: Stack) -> None:
    sequence_id = f"LIVE-{uuid.uuid4().hex[:12]}"
    legs = (
        Leg(1, "nostro:BHD", "BHD", "D", 700, "posted", "TRANSFER"),
        Leg(2, "loss:over_clear", "BHD", "C", 700, "posted", "TRANSFER"),
    )

    say(stack, sequence_id, legs)

    assert (ended(stack, sequence_id).state, ended(stack, sequence_id).got) == ("POSTED", 2)
    assert header(stack, sequence_id)["purpose"] == {"S": "SEQUENCE"}


def test_a_sequence_that_does_not_balance_is_parked_and_listed(stack: Stack) -> None:
    sequence_id = f"LIVE-{uuid.uuid4().hex[:12]}"
    legs = (
        Leg(1, "nostro:BHD", "BHD", "D", 700, "posted", "TRANSFER"),
        Leg(2, "loss:over_clear", "BHD", "C", 699, "posted", "TRANSFER"),
    )

    say(stack, sequence_id, legs)

    assert ended(stack, sequence_id).reason == "UNBALANCED"
    assert header(stack, sequence_id) == {}
    assert sequence_id in {each.sequence_id for each in sequences.unbooked(stack.system)}
    order = {"action": "discard", "sequence_id": sequence_id, "by": "a test", "note": "a test"}
    assert invoke(stack.system, "CheckSequences", order)["result"] == "DONE"
    assert ended(stack, sequence_id).state == "DISCARDED"
