"""PostBatch: from Post through the FIFO queue, in order for each account, each record once."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers import post, post_batch
from samples.invocations import batched
from tests.fakes.cloud import SETTINGS, Cloud
from tests.fakes.runtime import Crash, Log, crash_in
from tests.fakes.services import refusal
from tests.handlers import given

ACCOUNT = "A-1001"
APPROVED = batched(given.sample("TransactionPostingApproved"))


def record(number: int, **data: Any) -> dict[str, Any]:
    """Another record of the batched account."""
    ours = {"ingest_id": f"ing_{number}", "msg_id": f"msg_{number}"}
    changed = given.changed(APPROVED, **{**ours, "purchase_id": f"pur_{number}", **data})
    cain = changed["detail"]["data"]["cain"]
    ids = cain["TxId"] | {"SysTracAudtNb": f"{number:06}", "RtrvlRefNb": f"6324{number:08}"}
    detail = changed["detail"]
    meta = detail["meta"] | {"event_id": f"e-{number}"}
    data = detail["data"] | {"cain": cain | {"TxId": ids}}
    return changed | {"detail": {"meta": meta, "data": data}}


def messages(*events: Any, group: str = ACCOUNT, first: int = 0) -> list[dict[str, Any]]:
    """As the FIFO queue hands them over; a text is sent as it is."""
    return [
        {
            "messageId": f"{group}-{n}",
            "body": each if isinstance(each, str) else json.dumps(each),
            "attributes": {"MessageGroupId": group},
        }
        for n, each in enumerate(events, start=first)
    ]


def failures(context: Any, *several: list[dict[str, Any]]) -> list[str]:
    event = {"Records": [each for some in several for each in some]}
    answer = post_batch.handler(event, context)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def booked(cloud: Cloud) -> list[str]:
    """Message ids in the order of the statement's numbers."""
    lines = [row for row in cloud.rows("journal") if row["pk"].startswith("S#")]
    return [row["header_id"].removeprefix("J#") for row in sorted(lines, key=lambda row: row["sk"])]


@pytest.fixture(autouse=True)
def loaded(cloud: Cloud) -> None:
    given.reference(cloud)
    cloud.queues.bodies.clear()


# --- on the way there


def test_post_sends_what_is_approved_for_a_batched_account_to_its_group(
    cloud: Cloud, context: Any, log: Log
) -> None:
    event = given.in_queue(APPROVED)

    assert post.handler(event, context) == {"batchItemFailures": []}

    (sent,) = cloud.queues.in_groups
    assert (sent.url, sent.group) == (SETTINGS["POST_BATCH_QUEUE_URL"], ACCOUNT)
    assert json.loads(sent.body) == APPROVED
    assert booked(cloud) == []
    assert log.named("to_batch")[0]["ingest_id"] == APPROVED["detail"]["data"]["ingest_id"]


def test_a_message_that_comes_to_post_twice_is_in_the_group_once(
    cloud: Cloud, context: Any
) -> None:
    event = given.in_queue(APPROVED)

    post.handler(event, context)
    post.handler(event, context)

    assert len(cloud.queues.in_groups) == 1


def test_a_record_that_is_woken_within_five_minutes_comes_through_again(
    cloud: Cloud, context: Any
) -> None:
    """The same event in another message: the queue must not take it for a repeat."""
    event = given.in_queue(APPROVED)
    post.handler(event, context)
    (message,) = event["Records"]

    post.handler({"Records": [message | {"messageId": "woken"}]}, context)

    assert len(cloud.queues.in_groups) == 2


def test_what_is_suspended_or_of_another_account_is_posted_as_ever(
    cloud: Cloud, context: Any
) -> None:
    suspended = batched(given.sample("TransactionPostingSuspended"))
    event = given.in_queue(given.sample("TransactionPostingApproved"), suspended)

    assert post.handler(event, context) == {"batchItemFailures": []}

    assert cloud.queues.in_groups == []
    headers = [row for row in cloud.rows("journal") if row["sk"] == "H"]
    assert sorted(row["purpose"] for row in headers) == ["CLEAR", "SUSPEND"]


# --- booking


def test_the_sample_of_its_invocation_is_booked(cloud: Cloud, context: Any) -> None:
    answer = post_batch.handler(given.invocation("PostBatchFunction"), context)

    assert answer == {"batchItemFailures": []}
    assert booked(cloud) == [APPROVED["detail"]["data"]["msg_id"]]


def test_a_batch_is_one_transaction_in_the_order_of_its_group(
    cloud: Cloud, context: Any, log: Log
) -> None:
    several = [record(n) for n in (3, 1, 2)]

    assert failures(context, messages(*several)) == []

    assert booked(cloud) == ["msg_3", "msg_1", "msg_2"]
    assert [line["together"] for line in log.named("booked")] == [3, 3, 3]
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["version"] == 4


def test_a_redelivered_batch_books_nothing_again(cloud: Cloud, context: Any) -> None:
    batch = messages(*(record(n) for n in range(1, 6)))
    failures(context, batch)
    before = cloud.rows("balances") + cloud.rows("journal") + cloud.rows("payments")

    assert failures(context, batch) == []

    assert cloud.rows("balances") + cloud.rows("journal") + cloud.rows("payments") == before


@pytest.mark.parametrize("crash_at", ["before", "after"])
def test_a_crash_around_the_transaction_leaves_all_or_nothing(
    cloud: Cloud, context: Any, crash_at: str
) -> None:
    batch = messages(*(record(n) for n in range(1, 6)))
    setattr(cloud.dynamodb, crash_at, crash_in("TransactWriteItems"))
    with pytest.raises(Crash):
        failures(context, batch)
    assert len(booked(cloud)) == (0 if crash_at == "before" else 5)
    setattr(cloud.dynamodb, crash_at, lambda _operation: None)

    assert failures(context, batch) == []

    assert booked(cloud) == [f"msg_{n}" for n in range(1, 6)]


# --- failing


def test_what_cannot_be_booked_now_holds_back_what_is_behind_it_and_no_other_account(
    cloud: Cloud, context: Any, log: Log
) -> None:
    """So that the group keeps its order."""
    calls: list[str] = []

    def throttle(operation: str) -> None:
        if operation != "TransactWriteItems":
            return
        calls.append(operation)
        if len(calls) <= 6:
            error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]

    cloud.dynamodb.before = throttle
    here = messages(record(1), record(2), record(3))
    there = messages(record(4), group="A-1046")

    assert failures(context, here, there) == ["A-1001-0", "A-1001-1", "A-1001-2"]

    assert booked(cloud) == ["msg_4"]
    assert [line["level"] for line in log.named("unavailable")] == ["WARNING"]


def test_one_that_contradicts_the_ledger_is_set_aside_and_the_others_are_booked(
    cloud: Cloud, context: Any, log: Log
) -> None:
    failures(context, messages(record(2)))
    wrong = record(2, fingerprint="0" * 64)

    assert failures(context, messages(record(1), wrong, record(3))) == []

    assert booked(cloud) == ["msg_2", "msg_1", "msg_3"]
    assert [json.loads(body) for body in cloud.queues.bodies] == [wrong]
    (line,) = log.named("not_booked_together")
    assert (line["level"], "FINGERPRINT_MISMATCH" in line["why"]) == ("ERROR", True)


def test_what_was_set_aside_is_posted_singly_and_does_not_come_back(
    cloud: Cloud, context: Any
) -> None:
    failures(context, messages(record(2)))
    wrong = record(2, fingerprint="0" * 64)
    failures(context, messages(wrong))
    (body,) = cloud.queues.bodies
    said = cloud.queues.said[body]["posting_mode"]
    attribute = {"stringValue": said["StringValue"], "dataType": said["DataType"]}
    message = {"messageId": "m", "body": body, "messageAttributes": {"posting_mode": attribute}}

    answer = post.handler({"Records": [message]}, context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert cloud.queues.in_groups == []


def test_one_that_cannot_be_read_is_set_aside(cloud: Cloud, context: Any) -> None:
    assert failures(context, messages(record(1), "no JSON", record(2))) == []

    assert booked(cloud) == ["msg_1", "msg_2"]
    assert cloud.queues.bodies == ["no JSON"]


def test_a_rest_that_fails_is_told_from_where_it_fails(cloud: Cloud, context: Any) -> None:
    """The first two are booked, and are not to come again."""
    failures(context, messages(record(3)))
    refused = record(3, ingest_id="ing_other")

    def throttle(operation: str) -> None:
        if operation == "PutItem":
            error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]

    cloud.dynamodb.before = throttle

    assert failures(context, messages(record(1), record(2), refused, record(4))) == [
        "A-1001-2",
        "A-1001-3",
    ]
    assert booked(cloud) == ["msg_3", "msg_1", "msg_2"]


def test_a_ledger_that_cannot_be_read_holds_all_of_an_account_back(
    cloud: Cloud, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the first record: the ones behind it would meet the same."""

    def refused(**_: Any) -> Any:
        raise refusal("ProvisionedThroughputExceededException", "GetItem")

    monkeypatch.setattr(cloud.dynamodb, "get_item", refused)

    assert failures(context, messages(record(1), record(2))) == ["A-1001-0", "A-1001-1"]
    assert cloud.queues.bodies == []
