"""The payment in a record's story, for records that their payment has not taken either."""

from typing import Any

from adapters.corrections import Instruction
from adapters.full_story import FullStory
from domain.acceptance import Acceptance
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original

HOLD = approved("0110", "000001", 6000)


def story(tables: Tables, identifier: str) -> dict[str, Any]:
    told = FullStory(
        tables.inbox,
        tables.parked,
        tables.journal,
        tables.claims,
        tables.balances,
        tables.pairs,
        tables.payments,
    ).of(identifier)
    assert told is not None
    return told


def opened() -> Tables:
    tables = Tables()
    tables.open_account(limit=100_000)
    return tables


def test_a_record_that_waits_shows_the_payment_and_its_timer() -> None:
    tables = opened()
    reversal = approved("0420", "000002", 6000, de90=original("0100", "000001"))
    tables.poster.post(reversal)

    told = story(tables, reversal.data.ingest_id)

    assert told["outcome"] == "PENDING_MATCH"
    assert (told["payment"]["label"], told["payment"]["counters"]) == ("PENDING_MATCH", {})
    assert told["payment"]["due"] == "2026-11-20T12:15:00Z"


def test_who_accepted_an_excess_is_shown_with_the_event_of_it() -> None:
    tables = opened()
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
    clearing = approved("0220", "000002", 7500)
    for event in (HOLD, clearing):
        tables.poster.post(event)
    order = Acceptance(amount=1500, currency="EUR")
    tables.disputes.carry_out(clearing.data.msg_id, order, Instruction(by="ann", note="a tip"))

    told = story(tables, f"J#{clearing.data.msg_id}")

    assert told["disputes"] == []
    (accepted,) = told["acceptances"]
    assert told["payment"]["counters"]["accepted"] == 1500
    assert told["payment"]["bookings"][-1]["decided"]["by"] == "ann"
    said = {each.get("header_id"): each["purpose"] for each in told["events"] if "purpose" in each}
    assert said[accepted["header_id"]] == "EXCESS_ACCEPTED"


def test_a_refused_record_shows_the_payment_that_did_not_take_it() -> None:
    tables = opened()
    again = approved("0110", "000003", 100)
    for event in (HOLD, again):
        tables.poster.post(event)

    told = story(tables, again.data.ingest_id)

    assert told["outcome"] == "REJECTED"
    assert told["payment"]["counters"] == {"authorised": 6000}
    assert [each["kind"] for each in told["payment"]["bookings"]] == ["AUTHORISE"]
