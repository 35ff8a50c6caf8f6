"""Doors: what is paused waits or is told so, and the story of each change is kept."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Refused
from handlers import doors, ingest, sweep
from samples.event_story import FOREIGN_PURCHASE
from tests.fakes.cloud import SETTINGS, Cloud
from tests.fakes.runtime import Crash, crash_in
from tests.fakes.services import refusal
from tests.handlers import given

A_WHILE = timedelta(seconds=5)
BY, NOTE = "operator@example.com", "the scheme asked for it"


def move(context: Any, action: str, *names: str, **more: Any) -> list[dict[str, Any]]:
    """How each door stands afterwards."""
    event = {"action": action, "doors": list(names), "by": BY, "note": NOTE} | more
    return list(doors.handler(event, context)["doors"])


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an instance that has not looked at its door yet."""
    monkeypatch.setattr(ingest.door, "_read_at", None)


def submitted(cloud: Cloud, context: Any, key: str = "key-1") -> dict[str, Any]:
    given.known_card(cloud, FOREIGN_PURCHASE.line.de["2"], FOREIGN_PURCHASE.token)
    return ingest.handler(given.submission(FOREIGN_PURCHASE.message, key), context)


def test_a_paused_api_says_so_and_receives_nothing(cloud: Cloud, context: Any) -> None:
    move(context, "pause", "api")

    answer = submitted(cloud, context)

    assert answer["statusCode"] == 503
    assert answer["headers"] == {"Content-Type": "application/problem+json", "Retry-After": "60"}
    body = json.loads(answer["body"])
    assert (body["code"], body["status"], body["title"]) == ("PAUSED", 503, "The API is paused")
    assert cloud.rows("inbox") + cloud.rows("idempotency") + cloud.rows("vault")[1:] == []


def test_a_resumed_api_receives_what_it_turned_away(
    cloud: Cloud, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(context, "pause", "api")
    submitted(cloud, context)
    move(context, "resume", "api")
    monkeypatch.setattr(ingest.door, "_read_at", None)

    assert submitted(cloud, context)["statusCode"] == 202


def test_the_flag_is_read_once_in_some_seconds(cloud: Cloud, context: Any) -> None:
    assert submitted(cloud, context, "key-1")["statusCode"] == 202
    move(context, "pause", "api")

    assert submitted(cloud, context, "key-2")["statusCode"] == 202
    cloud.time += A_WHILE

    assert submitted(cloud, context, "key-3")["statusCode"] == 503


def test_a_flag_that_cannot_be_read_leaves_the_door_as_it_was(
    cloud: Cloud, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(context, "pause", "api")
    assert submitted(cloud, context)["statusCode"] == 503
    monkeypatch.setattr(ingest.door, "_read_at", None)
    monkeypatch.setattr(cloud.dynamodb, "get_item", refused)

    assert submitted(cloud, context)["statusCode"] == 503


def refused(**_: Any) -> Any:
    raise refusal("ProvisionedThroughputExceededException", "GetItem")


@pytest.mark.parametrize(
    ("door", "mappings"),
    [
        ("files", {SETTINGS["FILES_MAPPING_ID"]}),
        ("posting", {SETTINGS["POSTING_MAPPING_ID"], SETTINGS["BATCH_POSTING_MAPPING_ID"]}),
    ],
)
def test_a_paused_queue_is_not_read_until_it_is_resumed(
    cloud: Cloud, context: Any, door: str, mappings: set[str]
) -> None:
    move(context, "pause", door)
    assert cloud.mappings.off == mappings

    move(context, "resume", door)

    assert cloud.mappings.off == set()


def test_every_change_is_kept_with_who_when_and_why(cloud: Cloud, context: Any) -> None:
    (paused,) = move(context, "pause", "posting")
    paused_at = cloud.time.isoformat(timespec="milliseconds")
    cloud.time += A_WHILE
    move(context, "resume", "posting", note="done")

    story = {row["sk"]: row for row in cloud.rows("reference") if row["pk"] == "DOOR#posting"}
    assert paused == {
        **{"name": "posting", "state": "PAUSED", "was": "OPEN", "changed": True},
        **{"at": paused_at, "by": BY, "note": NOTE},
    }
    assert len(story) == 3
    assert (story["CURRENT"]["state"], story["CURRENT"]["note"]) == ("OPEN", "done")
    assert story[f"AT#{paused_at}"]["note"] == NOTE


def test_a_door_that_is_paused_twice_keeps_the_story_of_the_first_time(
    cloud: Cloud, context: Any
) -> None:
    move(context, "pause", "api", "files", "posting")
    before = cloud.rows("reference")
    cloud.time += A_WHILE

    again = move(context, "pause", "api", "files", "posting", note="another reason")

    assert [(each["changed"], each["note"]) for each in again] == [(False, NOTE)] * 3
    assert cloud.rows("reference") == before


def test_a_dry_run_moves_no_door(cloud: Cloud, context: Any) -> None:
    (told,) = move(context, "pause", "files", dry_run=True)

    assert (told["state"], told["changed"]) == ("PAUSED", True)
    assert cloud.rows("reference") == []
    assert cloud.mappings.seen == []


def test_a_pause_that_was_cut_off_is_known_and_made_whole_by_the_next(
    cloud: Cloud, context: Any
) -> None:
    cloud.dynamodb.after = crash_in("TransactWriteItems")
    with pytest.raises(Crash):
        move(context, "pause", "posting")
    cloud.dynamodb.after = lambda _operation: None
    assert cloud.mappings.off == set()

    (told,) = move(context, "pause", "posting")

    assert told["changed"] is False
    assert cloud.mappings.off == {
        SETTINGS["POSTING_MAPPING_ID"],
        SETTINGS["BATCH_POSTING_MAPPING_ID"],
    }


def test_an_unknown_door_is_refused(context: Any) -> None:
    with pytest.raises(Refused, match="window"):
        move(context, "pause", "window")


def test_the_sweep_leaves_records_alone_while_posting_is_paused(cloud: Cloud, context: Any) -> None:
    given.received(cloud, FOREIGN_PURCHASE)
    cloud.time = FOREIGN_PURCHASE.received_at + timedelta(hours=1)
    move(context, "pause", "posting")
    answer = sweep.handler({}, context)
    assert (answer["seen"], answer["paused"], cloud.rows("claims")) == (0, True, [])

    move(context, "resume", "posting")

    assert sweep.handler({}, context)["resent"] == [FOREIGN_PURCHASE.received.ingest_id]
