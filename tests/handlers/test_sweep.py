"""Sweep: what was lost goes on its way again with the same ids, and nothing else does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from domain.identity import distinct_message_id, minute_shard
from handlers import release, sweep
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE, Story
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Context
from tests.handlers import given

FOREIGN, BLOCKED = FOREIGN_PURCHASE.received, BLOCKED_PURCHASE.received


@pytest.fixture(autouse=True)
def three_quarters_of_an_hour_later(cloud: Cloud) -> None:
    """After the stories' records came in; also a first run looks back that far."""
    cloud.time = FOREIGN_PURCHASE.received_at.replace(minute=50, second=0, microsecond=0)


def received(cloud: Cloud, story: Story, at: datetime | None = None) -> None:
    row = story.received.to_row()
    moment = at.isoformat(timespec="milliseconds") if at else row["received_at"]
    cloud.put(
        "inbox",
        **row | {"received_at": moment},
        received_minute=minute_shard(moment, row["ingest_id"]),
    )


def parked(cloud: Cloud, story: Story, state: str, **more: str) -> None:
    record = story.received
    cloud.put(
        "parked",
        ingest_id=record.ingest_id,
        state=state,
        reason="DUPLICATE",
        code="REPEATED",
        parked_at="2026-11-20T00:10:00.000+00:00",
        history=[],
        **more,
    )


def cursor(cloud: Cloud) -> str | None:
    rows = [row for row in cloud.rows("claims") if row["msg_id"] == "SWEEP"]
    return rows[0]["minute"] if rows else None


def test_a_record_that_was_lost_goes_on_again_with_the_same_event_id(
    cloud: Cloud, context: Any
) -> None:
    (detail,) = given.admitted(cloud, FOREIGN_PURCHASE)
    cloud.dynamodb.tables["inbox"].items.clear()
    received(cloud, FOREIGN_PURCHASE)

    answer = sweep.handler({}, context)

    assert answer["resent"] == [FOREIGN.ingest_id]
    assert cloud.bus.details == [detail]


def test_a_record_that_never_reached_the_first_pipe_is_claimed_here(
    cloud: Cloud, context: Any
) -> None:
    received(cloud, FOREIGN_PURCHASE)

    sweep.handler({}, context)

    assert cloud.row("claims", msg_id=FOREIGN.msg_id)["owner"] == FOREIGN.ingest_id


def test_a_repeat_that_never_reached_the_first_pipe_is_parked_here(
    cloud: Cloud, context: Any
) -> None:
    cloud.put("claims", msg_id=FOREIGN.msg_id, owner="ing_first", fingerprint="f", fields={})
    received(cloud, FOREIGN_PURCHASE)

    answer = sweep.handler({}, context)

    assert (answer["resent"], answer["parked"]) == ([], [FOREIGN.ingest_id])
    assert cloud.row("parked")["original"] == "ing_first"


@pytest.mark.parametrize("broken", [{"fields": "no JSON"}, {"cain": "{"}])
def test_a_record_that_nobody_can_read_is_parked_and_the_others_go_on(
    cloud: Cloud, context: Any, broken: dict[str, str]
) -> None:
    received(cloud, FOREIGN_PURCHASE)
    received(cloud, BLOCKED_PURCHASE)
    row = cloud.row("inbox", ingest_id=FOREIGN.ingest_id)
    cloud.put("inbox", **row | broken)

    foreseen = sweep.handler({"dry_run": True}, context)
    answer = sweep.handler({}, context)

    assert foreseen["parked"] == answer["parked"] == [FOREIGN.ingest_id]
    assert answer["resent"] == [BLOCKED_PURCHASE.received.ingest_id]
    assert cloud.row("parked")["code"] == "UNREADABLE_RECORD"
    assert sweep.handler({}, context)["parked"] == []


def test_what_was_released_long_after_its_minute_is_sent_again_until_it_ended(
    cloud: Cloud, context: Any
) -> None:
    received(cloud, FOREIGN_PURCHASE)
    parked(cloud, FOREIGN_PURCHASE, "PARKED", msg_id=FOREIGN.msg_id)
    sweep.handler({}, context)
    assert cursor(cloud) is not None
    order = {"action": "release", "ingest_id": FOREIGN.ingest_id, "by": "ops", "note": "why"}
    assert release.handler(order, context)["result"] == "RELEASED"
    cloud.time += timedelta(minutes=14)
    assert sweep.handler({}, context)["resent"] == []
    cloud.time += timedelta(minutes=1)

    assert sweep.handler({"dry_run": True}, context)["resent"] == [FOREIGN.ingest_id]
    assert sweep.handler({}, context)["resent"] == [FOREIGN.ingest_id]

    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    cloud.time = FOREIGN_PURCHASE.received_at + timedelta(hours=3)
    assert sweep.handler({}, context)["resent"] == []
    row = cloud.row("parked", ingest_id=FOREIGN.ingest_id)
    assert (row["state"], "due_shard" in row) == ("RELEASED", False)


def test_what_waits_again_when_the_sweep_writes_stays_in_the_index(
    cloud: Cloud, context: Any
) -> None:
    received(cloud, FOREIGN_PURCHASE)
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    long_ago = {"due_shard": "00", "due_at": "2026-11-20T00:10:00Z", "msg_id": FOREIGN.msg_id}
    parked(cloud, FOREIGN_PURCHASE, "RELEASED", **long_ago)
    story = [{"state": "RELEASED", "at": "2026-11-20T00:10:00.000+00:00"}]
    cloud.put("parked", **cloud.row("parked") | {"history": story})
    cloud.time = FOREIGN_PURCHASE.received_at + timedelta(hours=3)
    parked_again: list[str] = []

    def meanwhile(operation: str) -> None:
        if operation == "UpdateItem" and not parked_again:
            parked_again.append(operation)
            parked(cloud, FOREIGN_PURCHASE, "PARKED", **long_ago)

    cloud.dynamodb.before = meanwhile
    sweep.handler({}, context)

    assert parked_again
    assert cloud.row("parked")["due_shard"] == "00"


@pytest.mark.parametrize("state", ["PARKED", "DISCARDED", "RESOLVED"])
def test_a_parked_record_stays_where_it_is(cloud: Cloud, context: Any, state: str) -> None:
    received(cloud, FOREIGN_PURCHASE)
    parked(cloud, FOREIGN_PURCHASE, state)

    assert sweep.handler({}, context)["resent"] == []
    assert cloud.bus.entries == []


def test_a_booked_record_stays_where_it_is(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")
    cloud.time += timedelta(hours=1)

    assert sweep.handler({}, context)["resent"] == []


def test_a_released_record_goes_under_the_message_id_of_its_release(
    cloud: Cloud, context: Any
) -> None:
    distinct = distinct_message_id(FOREIGN.msg_id, FOREIGN.ingest_id)
    received(cloud, FOREIGN_PURCHASE)
    parked(cloud, FOREIGN_PURCHASE, "RELEASED", msg_id=distinct)

    assert sweep.handler({}, context)["resent"] == [FOREIGN.ingest_id]
    assert cloud.bus.details[0]["meta"]["msg_id"] == distinct


def test_a_record_younger_than_the_limit_is_left_to_its_first_way(
    cloud: Cloud, context: Any
) -> None:
    received(cloud, FOREIGN_PURCHASE, cloud.time - timedelta(minutes=10))

    assert sweep.handler({}, context)["resent"] == []
    assert sweep.handler({"min_age_minutes": 5}, context)["resent"] == [FOREIGN.ingest_id]


def test_a_dry_run_says_what_it_would_do_and_does_nothing(cloud: Cloud, context: Any) -> None:
    received(cloud, FOREIGN_PURCHASE)

    answer = sweep.handler({"dry_run": True}, context)

    assert answer["resent"] == [FOREIGN.ingest_id]
    assert cloud.bus.entries + cloud.rows("claims") == []


def test_a_refused_event_is_reported_and_tried_again_in_the_next_run(
    cloud: Cloud, context: Any
) -> None:
    received(cloud, FOREIGN_PURCHASE)
    cloud.bus.refused = {"TransactionAuthorized"}
    assert sweep.handler({}, context)["unsent"] == [FOREIGN.ingest_id]

    cloud.bus.refused = set()

    assert sweep.handler({}, context)["resent"] == [FOREIGN.ingest_id]


def test_the_start_moves_only_over_minutes_that_are_accounted_for(
    cloud: Cloud, context: Any
) -> None:
    lost, later = cloud.time - timedelta(minutes=40), cloud.time - timedelta(minutes=25)
    received(cloud, FOREIGN_PURCHASE, lost)
    received(cloud, BLOCKED_PURCHASE, later)
    parked(cloud, BLOCKED_PURCHASE, "PARKED")

    sweep.handler({}, context)
    assert cursor(cloud) == lost.replace(second=0, microsecond=0).isoformat()
    parked(cloud, FOREIGN_PURCHASE, "PARKED")
    sweep.handler({}, context)

    assert cursor(cloud) == (cloud.time - timedelta(minutes=15)).isoformat()


def test_a_later_run_starts_where_the_last_one_was_sure(cloud: Cloud, context: Any) -> None:
    sweep.handler({}, context)
    first = cursor(cloud)
    cloud.time += timedelta(minutes=5)

    sweep.handler({}, context)

    assert first is not None
    assert cursor(cloud) == (datetime.fromisoformat(first) + timedelta(minutes=5)).isoformat()


def test_a_short_age_does_not_move_the_start_past_minutes_that_still_grow(
    cloud: Cloud, context: Any
) -> None:
    sweep.handler({"min_age_minutes": 0}, context)
    # A file's run began before the sweep, and wrote this record after it.
    received(cloud, FOREIGN_PURCHASE, cloud.time - timedelta(minutes=4))
    cloud.time += timedelta(minutes=30)

    assert sweep.handler({}, context)["resent"] == [FOREIGN.ingest_id]


def test_a_run_that_has_no_time_left_remembers_how_far_it_came(
    cloud: Cloud, context: Context
) -> None:
    context.remaining = _for_minutes(10)
    sweep.handler({}, context)  # type: ignore[arg-type]

    since = cloud.time - timedelta(minutes=15) - sweep._FIRST_LOOK_BACK
    assert cursor(cloud) == (since + timedelta(minutes=10)).isoformat()


def _for_minutes(count: int) -> Callable[[], int]:
    left = chain(repeat(240_000, count), repeat(1_000))
    return lambda: next(left)
