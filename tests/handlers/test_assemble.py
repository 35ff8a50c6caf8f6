"""Assemble: legs in any order, as often as they like, become one booking or none."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.posting import Leg
from handlers import assemble, check_sequences
from samples.envelopes import bus_event
from samples.leg_story import SAID_AT, TRANSFER, legs_said
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, Log
from tests.handlers import given

LEGS = (
    Leg(1, "nostro:EUR", "EUR", "D", 20_000, "posted", "TRANSFER"),
    Leg(2, "inc:fx_fee", "EUR", "D", 5_000, "posted", "WAIVED"),
    Leg(3, "cust:A-1001", "EUR", "C", 25_000, "posted", "TRANSFER"),
)
CUSTOMER = "B#cust:A-1001#EUR"


@pytest.fixture(autouse=True)
def account(cloud: Cloud) -> None:
    """A-1001, open and empty."""
    cloud.put("balances", **EMPTY)


EMPTY = {
    "pk": CUSTOMER,
    "account": "cust:A-1001",
    "currency": "EUR",
    "account_kind": "customer",
    "status": "OPEN",
    "overdraft_limit": 0,
    "available": 0,
    "posted_d": 0,
    "posted_c": 0,
    "held": 0,
    "version": 1,
    "posting_no": 0,
}


def said(
    legs: tuple[Leg, ...] = LEGS, sequence_id: str = TRANSFER, checksum: str | None = None
) -> list[dict[str, Any]]:
    return [bus_event(each, SAID_AT) for each in legs_said(sequence_id, legs, checksum)]


def take(context: Any, *events: dict[str, Any]) -> list[dict[str, str]]:
    """The failures that are reported."""
    return list(assemble.handler(given.in_queue(*events), context)["batchItemFailures"])


def head(cloud: Cloud, sequence_id: str = TRANSFER) -> dict[str, Any]:
    return cloud.row("assemblies", pk=f"Q#{sequence_id}", sk="H")


def booked(cloud: Cloud) -> list[str]:
    return [row["pk"] for row in cloud.rows("journal") if row["sk"] == "H"]


def changed(event: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The event of a leg, with other values in the leg or beside it."""
    copy: dict[str, Any] = json.loads(json.dumps(event))
    data = copy["detail"]["data"]
    for name, value in values.items():
        (data["leg"] if name in data["leg"] else data)[name] = value
    return copy


def test_the_last_leg_books_the_sequence_with_line_and_balance(cloud: Cloud, context: Any) -> None:
    events = said()

    assert take(context, *events[:2]) == []
    assert booked(cloud) == []
    assert take(context, events[2]) == []

    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]
    row = cloud.row("balances", pk=CUSTOMER)
    assert (row["posted_c"], row["available"], row["posting_no"]) == (25_000, 25_000, 1)
    line = cloud.row("journal", pk="S#cust:A-1001#EUR")
    assert (line["amount"], line["balance_after"], line["purpose"]) == (25_000, 25_000, "SEQUENCE")
    assert head(cloud)["state"] == "POSTED"
    assert "state_shard" not in head(cloud)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_any_order_with_every_leg_twice_books_once(
    cloud: Cloud, context: Any, order: tuple[int, ...]
) -> None:
    events = said()
    delivered = [events[place] for place in order for _ in range(2)] + events

    for event in delivered:
        assert take(context, event) == []

    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]
    assert head(cloud)["got"] == 3
    assert cloud.row("balances", pk=CUSTOMER)["posted_c"] == 25_000


def test_a_leg_that_comes_twice_counts_once(cloud: Cloud, context: Any) -> None:
    take(context, *[said()[0]] * 3)

    assert (head(cloud)["got"], booked(cloud)) == (1, [])


@pytest.mark.parametrize(
    "changes",
    [{"amount": 19_999}, {"account": "nostro:USD"}, {"value_date": "2026-11-21"}],
    ids=["amount", "account", "value date"],
)
def test_other_content_for_the_same_leg_parks_the_sequence_and_is_kept(
    cloud: Cloud, context: Any, changes: dict[str, Any]
) -> None:
    events = said()

    assert take(context, events[0], changed(events[0], **changes), *events[1:]) == []

    assert (head(cloud)["state"], head(cloud)["reason"]) == ("PARKED", "CONFLICT")
    assert booked(cloud) == []
    assert [row["sk"][:6] for row in cloud.rows("assemblies") if row["sk"][0] == "C"] == ["C#001#"]


def test_a_leg_of_another_count_or_checksum_parks_the_sequence(cloud: Cloud, context: Any) -> None:
    events = said()

    take(context, events[0], changed(events[1], leg_count=4))

    assert (head(cloud)["state"], head(cloud)["reason"]) == ("PARKED", "CONFLICT")


def test_a_contradiction_after_the_booking_is_kept_and_changes_nothing(
    cloud: Cloud, context: Any, log: Log
) -> None:
    events = said()
    take(context, *events)

    assert take(context, changed(events[0], amount=1)) == []

    assert head(cloud)["state"] == "POSTED"
    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]
    (told,) = log.named("leg_refused")
    assert (told["reason"], told["state"]) == ("CONFLICT", "POSTED")


def test_a_leg_beyond_the_count_parks_the_sequence(cloud: Cloud, context: Any) -> None:
    take(context, changed(said()[0], n=4))

    assert (head(cloud)["state"], head(cloud)["reason"]) == ("PARKED", "INVALID_LEG")


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        ((*LEGS[:2], Leg(3, "cust:A-1001", "EUR", "C", 1, "posted", "T")), "UNBALANCED"),
        (
            (LEGS[0], Leg(2, "inc:tips", "EUR", "D", 5_000, "posted", "T"), LEGS[2]),
            "UNKNOWN_ACCOUNT",
        ),
        ((Leg(1, "nostro:USD", "EUR", "D", 20_000, "posted", "T"), *LEGS[1:]), "WRONG_CURRENCY"),
        ((*LEGS[:2], Leg(3, "cust:A-9999", "EUR", "C", 25_000, "posted", "T")), "UNKNOWN_ACCOUNT"),
        (
            (Leg(1, "cust:A-1002", "EUR", "D", 20_000, "posted", "T"), *LEGS[1:]),
            "SEVERAL_CUSTOMERS",
        ),
    ],
)
def test_what_cannot_be_booked_is_parked_with_its_reason_and_nothing_moves(
    cloud: Cloud, context: Any, legs: tuple[Leg, ...], reason: str
) -> None:
    assert take(context, *said(legs)) == []

    assert (head(cloud)["state"], head(cloud)["reason"]) == ("PARKED", reason)
    assert cloud.rows("journal") == []
    assert cloud.rows("balances") == [EMPTY]


def test_legs_of_another_checksum_are_parked_only_when_all_have_come(
    cloud: Cloud, context: Any
) -> None:
    events = said(checksum="0" * 64)

    take(context, *events[:2])
    assert head(cloud)["state"] == "OPEN"
    take(context, events[2])

    assert (head(cloud)["state"], head(cloud)["reason"]) == ("PARKED", "CHECKSUM")


@pytest.mark.parametrize(
    ("status", "state"), [("HOLD_DEBIT", "POSTED"), ("HOLD_ALL", "PARKED"), ("CLOSED", "PARKED")]
)
def test_a_credit_is_taken_by_what_takes_credits(
    cloud: Cloud, context: Any, status: str, state: str
) -> None:
    cloud.put("balances", **EMPTY | {"status": status})

    take(context, *said())

    assert head(cloud)["state"] == state


def test_one_leg_that_cannot_be_read_does_not_hold_up_the_others(
    cloud: Cloud, context: Any
) -> None:
    events = said()

    failures = take(context, changed(events[0], sequence_id="A#B"), *events)

    assert len(failures) == 1
    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]


# --- crashes


def crashing(cloud: Cloud, moment: str, number: int) -> Iterator[None]:
    """The process dies at the write of this number."""
    seen = itertools.count(1)

    def hook(_operation: str) -> None:
        if next(seen) == number:
            raise Crash

    setattr(cloud.dynamodb, moment, hook)
    yield
    setattr(cloud.dynamodb, moment, lambda _operation: None)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 7))
def test_a_crash_around_any_write_neither_loses_nor_doubles(
    cloud: Cloud, context: Any, moment: str, number: int
) -> None:
    crash = crashing(cloud, moment, number)
    next(crash)
    with contextlib.suppress(Crash):
        take(context, *said())
    next(crash, None)

    assert take(context, *said()) == []

    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]
    assert (head(cloud)["got"], head(cloud)["state"]) == (3, "POSTED")
    assert cloud.row("balances", pk=CUSTOMER)["posting_no"] == 1


def test_a_sequence_that_was_complete_and_not_booked_is_sent_again_and_booked(
    cloud: Cloud, context: Any
) -> None:
    completed_and_left(cloud, context)
    cloud.time += timedelta(minutes=3)

    answer = check_sequences.handler({}, context)

    assert (answer["resent"], answer["incomplete"]) == ([TRANSFER], [])
    (body,) = cloud.queues.bodies
    assert take(context, json.loads(body) | {"time": "2026-11-20T14:40:00Z"}) == []
    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]


def completed_and_left(cloud: Cloud, context: Any) -> None:
    """All legs are there, and the process dies where the booking would be written."""
    events = said()
    take(context, *events[:2])
    crash = crashing(cloud, "before", 2)
    next(crash)
    with pytest.raises(Crash):
        take(context, events[2])
    next(crash, None)
    assert (head(cloud)["got"], head(cloud)["state"], booked(cloud)) == (3, "OPEN", [])


# --- looking after them


def test_what_was_completed_just_now_is_left_to_its_function(cloud: Cloud, context: Any) -> None:
    completed_and_left(cloud, context)

    assert check_sequences.handler({}, context)["resent"] == []


def test_an_incomplete_sequence_shows_up_after_its_time(
    cloud: Cloud, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    take(context, *said()[:2])

    assert check_sequences.handler({}, context)["incomplete"] == []
    cloud.time += timedelta(minutes=15)
    answer = check_sequences.handler({}, context)

    assert (answer["incomplete"], answer["resent"], answer["parked"]) == ([TRANSFER], [], 0)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [each["SequencesIncomplete"] for each in metrics] == [[0.0], [1.0]]


def test_a_parked_sequence_is_counted_until_somebody_decides(cloud: Cloud, context: Any) -> None:
    take(context, *said(checksum="0" * 64))

    assert check_sequences.handler({}, context)["parked"] == 1
    order = {"action": "discard", "sequence_id": TRANSFER, "by": "operator", "note": "sent anew"}
    assert check_sequences.handler(order, context)["result"] == "DONE"

    assert check_sequences.handler({}, context)["parked"] == 0
    (entry,) = head(cloud)["history"]
    assert (entry["state"], entry["by"], entry["note"]) == ("DISCARDED", "operator", "sent anew")
    assert check_sequences.handler(order, context)["code"] == "NOT_OPEN"


def test_a_parked_sequence_is_tried_again_once_its_account_is_there(
    cloud: Cloud, context: Any
) -> None:
    cloud.dynamodb.tables["balances"].items.clear()
    take(context, *said())
    assert head(cloud)["reason"] == "UNKNOWN_ACCOUNT"
    cloud.put("balances", **EMPTY)

    order = {"action": "retry", "sequence_id": TRANSFER, "by": "operator"}
    assert check_sequences.handler(order, context)["result"] == "DONE"
    (body,) = cloud.queues.bodies
    take(context, json.loads(body) | {"time": "2026-11-20T14:40:00Z"})

    assert booked(cloud) == [f"J#LEGS#{TRANSFER}"]
    assert check_sequences.handler(order, context)["code"] == "NOT_PARKED"


def test_a_decision_about_no_sequence_is_refused(context: Any) -> None:
    order = {"action": "retry", "sequence_id": "NOTHING", "by": "operator"}

    assert check_sequences.handler(order, context)["code"] == "NOT_FOUND"


def test_a_discarded_sequence_keeps_what_still_comes_and_is_never_booked(
    cloud: Cloud, context: Any
) -> None:
    events = said()
    take(context, *events[:2])
    check_sequences.handler(
        {"action": "discard", "sequence_id": TRANSFER, "by": "operator"}, context
    )

    assert take(context, events[2]) == []

    assert (head(cloud)["got"], head(cloud)["state"], booked(cloud)) == (3, "DISCARDED", [])
