"""Deduplicate: one record speaks for a message; every other one has its Parked row by then."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from domain.errors import Unavailable
from handlers import deduplicate
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE, Story
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, crash_in
from tests.handlers import given

AGAIN = replace(FOREIGN_PURCHASE, request_key="sent-again")


def with_element(story: Story, **elements: str) -> Story:
    named = {name.removeprefix("de"): text for name, text in elements.items()}
    return replace(story, line=replace(story.line, de={**story.line.de, **named}))


def ids(details: list[dict[str, Any]]) -> list[str]:
    return [detail["data"]["ingest_id"] for detail in details]


def test_a_retry_by_the_owner_is_no_duplicate(cloud: Cloud, context: Any) -> None:
    first = given.admitted(cloud, FOREIGN_PURCHASE)

    again = deduplicate.handler(cloud.inserts("inbox"), context)

    assert again == first
    assert cloud.rows("parked") == []


def test_a_repeat_is_parked_with_a_pointer_and_left_out(cloud: Cloud) -> None:
    details = given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)

    assert ids(details) == [FOREIGN_PURCHASE.received.ingest_id]
    row = cloud.row("parked")
    assert (row["state"], row["reason"]) == ("PARKED", "DUPLICATE")
    assert (row["ingest_id"], row["original"]) == (
        AGAIN.received.ingest_id,
        FOREIGN_PURCHASE.received.ingest_id,
    )


def test_a_repeat_with_other_content_is_a_conflict_that_names_the_fields(cloud: Cloud) -> None:
    given.admitted(cloud, FOREIGN_PURCHASE, with_element(AGAIN, de4="000000099999", de38="B00001"))

    row = cloud.row("parked")
    assert row["reason"] == "CONFLICT"
    assert row["differing"] == [
        {"field": "DE38", "original": "A00001", "this": "B00001"},
        {"field": "DE4", "original": "000000012345", "this": "000000099999"},
    ]


def test_a_record_is_left_out_only_once_its_parked_row_stands(cloud: Cloud, context: Any) -> None:
    given.admitted(cloud, FOREIGN_PURCHASE)
    given.received(cloud, AGAIN)
    record = cloud.inserts("inbox")[-1:]
    operations: list[str] = []

    def die_at_the_second_write(operation: str) -> None:
        operations.append(operation)
        if len(operations) == 2:
            raise Crash

    cloud.dynamodb.before = die_at_the_second_write
    with pytest.raises(Crash):
        deduplicate.handler(record, context)
    assert cloud.rows("parked") == []
    cloud.dynamodb.before = lambda _operation: None

    assert deduplicate.handler(record, context) == []
    assert cloud.row("parked")["reason"] == "DUPLICATE"


def test_a_crash_between_claim_and_answer_repeats_the_event(cloud: Cloud, context: Any) -> None:
    given.received(cloud, FOREIGN_PURCHASE)
    cloud.dynamodb.after = crash_in("PutItem")
    with pytest.raises(Crash):
        deduplicate.handler(cloud.inserts("inbox"), context)
    assert [row["msg_id"] for row in cloud.rows("claims")] == [FOREIGN_PURCHASE.received.msg_id]
    cloud.dynamodb.after = lambda _operation: None

    details = deduplicate.handler(cloud.inserts("inbox"), context)

    assert ids(details) == [FOREIGN_PURCHASE.received.ingest_id]
    assert cloud.rows("parked") == []


@pytest.mark.parametrize(
    "damage",
    [{"cain": "{"}, {"fields": "no JSON"}, {"fingerprint": 7}, {"cain": '{"Hdr": {}}'}],
    ids=lambda damage: str(damage),
)
def test_an_unreadable_record_is_parked_as_failed_and_the_rest_goes_on(
    cloud: Cloud, context: Any, damage: dict[str, Any]
) -> None:
    cloud.put("inbox", **(FOREIGN_PURCHASE.received.to_row() | damage))
    given.received(cloud, BLOCKED_PURCHASE)

    details = deduplicate.handler(cloud.inserts("inbox"), context)

    assert ids(details) == [BLOCKED_PURCHASE.received.ingest_id]
    row = cloud.row("parked")
    assert (row["reason"], row["code"]) == ("FAILED", "UNREADABLE_RECORD")
    assert row["ingest_id"] == FOREIGN_PURCHASE.received.ingest_id


def test_a_record_without_a_field_is_parked_as_failed(cloud: Cloud, context: Any) -> None:
    row = FOREIGN_PURCHASE.received.to_row()
    del row["fields"]
    cloud.put("inbox", **row)

    assert deduplicate.handler(cloud.inserts("inbox"), context) == []
    assert cloud.row("parked")["reason"] == "FAILED"


def test_a_throttled_claim_fails_the_batch_so_that_the_pipe_repeats_it(
    cloud: Cloud, context: Any
) -> None:
    def throttle(operation: str) -> None:
        raise ClientError(
            {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, operation
        )

    given.received(cloud, FOREIGN_PURCHASE)
    cloud.dynamodb.before = throttle

    with pytest.raises(Unavailable):
        deduplicate.handler(cloud.inserts("inbox"), context)


def test_a_batch_without_new_records_gives_nothing_to_put_on_the_bus(cloud: Cloud) -> None:
    given.admitted(cloud, FOREIGN_PURCHASE)

    assert given.admitted(cloud, AGAIN) == []


def test_a_booked_record_stays_so_when_another_one_has_taken_over_its_claim(
    cloud: Cloud, context: Any
) -> None:
    record = FOREIGN_PURCHASE.received
    given.admitted(cloud, FOREIGN_PURCHASE)
    cloud.put("journal", pk=f"J#{record.msg_id}", sk="H", ingest_id=record.ingest_id)
    claim = cloud.row("claims", msg_id=record.msg_id) | {"owner": AGAIN.received.ingest_id}
    cloud.put("claims", **claim)

    assert deduplicate.handler(cloud.inserts("inbox"), context) == []
    assert cloud.rows("parked") == []


def test_a_late_delivery_leaves_a_record_that_was_released_as_a_message_of_its_own(
    cloud: Cloud, context: Any
) -> None:
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)
    released = cloud.row("parked") | {"state": "RELEASED", "msg_id": "msg_of_its_own"}
    cloud.put("parked", **released)

    assert deduplicate.handler(cloud.inserts("inbox")[-1:], context) == []
    assert cloud.row("parked") == released


def test_a_record_that_was_released_is_parked_again_with_its_story(
    cloud: Cloud, context: Any
) -> None:
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)
    cloud.put("parked", **cloud.row("parked") | {"state": "RELEASED"})

    assert deduplicate.handler(cloud.inserts("inbox")[-1:], context) == []
    row = cloud.row("parked")
    assert row["state"] == "PARKED"
    assert [each["state"] for each in row["history"]] == ["RELEASED"]
