"""Ingest: receipts for every message, the same answer for the same request, and no card numbers."""

import base64
import json
from typing import Any

import pytest

from handlers import ingest
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, Log, crash_in
from tests.handlers import given
from tests.unit.card_messages import CARD, as_json

PURCHASE = as_json()
OTHER = as_json(de11="000124")
BROKEN = as_json(de4="12,50")


def send(context: Any, body: Any, **request: Any) -> tuple[int, dict[str, Any]]:
    answer = ingest.handler(given.submission(body, **request), context)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_message_is_received_under_its_ids(cloud: Cloud, context: Any) -> None:
    status, body = send(context, PURCHASE)

    (result,) = body["results"]
    row = cloud.row("inbox")
    assert (status, result["status"]) == (202, "RECEIVED")
    assert (result["ingest_id"], result["msg_id"]) == (row["ingest_id"], row["msg_id"])


def test_a_broken_message_is_parked_and_does_not_stop_the_rest(cloud: Cloud, context: Any) -> None:
    status, body = send(context, [PURCHASE, BROKEN, OTHER])

    assert status == 202
    assert [each["status"] for each in body["results"]] == ["RECEIVED", "INVALID", "RECEIVED"]
    assert body["results"][1]["errors"][0]["element"] == "DE4"
    assert len(cloud.rows("inbox")) == 2
    assert cloud.row("parked", reason="INVALID")["errors"][0]["offset"] == "$.de.4"


def test_a_broken_message_that_comes_again_points_at_the_first(cloud: Cloud, context: Any) -> None:
    receipts = [send(context, BROKEN, key=key)[1]["results"][0] for key in ("a", "b", "c")]

    first, *again = receipts
    assert "original" not in first
    assert {each["original"] for each in again} == {first["ingest_id"]}


def test_messages_may_stand_under_a_key_of_their_own(cloud: Cloud, context: Any) -> None:
    _, body = send(context, {"messages": [PURCHASE, OTHER]})

    assert [each["index"] for each in body["results"]] == [0, 1]
    assert len(cloud.rows("inbox")) == 2


def test_a_body_that_is_no_json_is_one_broken_message(cloud: Cloud, context: Any) -> None:
    status, body = send(context, "{")

    assert status == 202
    assert [each["status"] for each in body["results"]] == ["INVALID"]
    assert cloud.rows("inbox") == []


def test_a_body_may_come_in_base64(cloud: Cloud, context: Any) -> None:
    event = given.submission(PURCHASE)
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert ingest.handler(event, context)["statusCode"] == 202
    assert len(cloud.rows("inbox")) == 1


def test_the_same_key_and_body_get_the_same_answer_once_received(
    cloud: Cloud, context: Any
) -> None:
    first = send(context, [PURCHASE, BROKEN])

    assert send(context, [PURCHASE, BROKEN]) == first
    assert len(cloud.rows("inbox")) == 1


def test_a_retry_from_another_session_of_the_role_is_the_same_request(
    cloud: Cloud, context: Any
) -> None:
    first = send(context, PURCHASE, session="gateway-1")

    assert send(context, PURCHASE, session="gateway-2") == first
    assert len(cloud.rows("inbox")) == 1


def test_a_key_with_another_body_is_refused(cloud: Cloud, context: Any) -> None:
    send(context, PURCHASE)

    status, body = send(context, OTHER)

    assert (status, body["code"]) == (422, "KEY_REUSED")
    assert len(cloud.rows("inbox")) == 1


def test_after_the_stored_answer_the_record_s_id_does_the_same_work(
    cloud: Cloud, context: Any
) -> None:
    first = send(context, PURCHASE)
    cloud.dynamodb.tables["idempotency"].items.clear()

    assert send(context, PURCHASE) == first
    cloud.dynamodb.tables["idempotency"].items.clear()
    _, body = send(context, OTHER)

    assert [each["status"] for each in body["results"]] == ["CONTENT_CHANGED"]
    assert len(cloud.rows("inbox")) == 1
    assert cloud.row("parked")["reason"] == "CONFLICT"


def test_without_a_key_every_request_is_its_own(cloud: Cloud, context: Any) -> None:
    event = given.submission(PURCHASE, key=None)
    ingest.handler(event, context)
    event["requestContext"]["requestId"] = "another"
    ingest.handler(event, context)

    assert len(cloud.rows("inbox")) == 2


def test_a_request_that_is_still_being_received_is_told_so(cloud: Cloud, context: Any) -> None:
    cloud.dynamodb.before = crash_in("TransactWriteItems")
    with pytest.raises(Crash):
        send(context, PURCHASE)
    cloud.dynamodb.before = lambda _operation: None

    status, body = send(context, PURCHASE)

    assert (status, body["code"]) == (409, "IN_PROGRESS")


def test_too_many_messages_or_bytes_are_refused_whole(cloud: Cloud, context: Any) -> None:
    many = [as_json(de11=f"{n:06}") for n in range(101)]

    assert send(context, many)[0] == 413
    assert send(context, "x" * 1_000_001)[0] == 413
    assert cloud.rows("inbox") == []


def test_a_hundred_messages_are_taken(cloud: Cloud, context: Any) -> None:
    assert send(context, [as_json(de11=f"{n:06}") for n in range(100)])[0] == 202
    assert len(cloud.rows("inbox")) == 100


def test_while_the_vault_is_away_nothing_is_stored_and_a_repeat_succeeds(
    cloud: Cloud, context: Any
) -> None:
    cloud.kms.down = True
    status, body = send(context, PURCHASE)
    assert (status, body["code"]) == (503, "UNAVAILABLE")
    assert cloud.rows("inbox") == []
    cloud.kms.down = False

    assert send(context, PURCHASE)[0] == 202


def test_while_the_store_of_answers_is_away_the_caller_may_repeat(
    cloud: Cloud, context: Any
) -> None:
    cloud.dynamodb.before = _away
    status, body = send(context, PURCHASE)

    assert (status, body["code"]) == (503, "UNAVAILABLE")


def _away(operation: str) -> None:
    if operation == "PutItem":
        raise ConnectionError


def test_a_card_gets_one_token_and_its_ciphertext_is_bound_to_it(
    cloud: Cloud, context: Any
) -> None:
    send(context, [PURCHASE, OTHER])

    tokens = {row["token"] for row in cloud.rows("inbox")}
    assert len(tokens) == 1
    assert cloud.kms.contexts == [{"token": tokens.pop()}]


def test_a_card_number_is_in_no_table_and_no_log_line(cloud: Cloud, context: Any, log: Log) -> None:
    typed_in = as_json(de43=f"CARD {CARD}")
    send(context, [PURCHASE, BROKEN, typed_in, {"mti": CARD}, {CARD: "1"}], key=None)
    send(context, f'{{"de": {{"2": "{CARD}"', key="key-2")
    send(context, "x" * 1_000_001 + CARD, key="key-3")

    stored = {name: str(cloud.rows(name)) for name in cloud.dynamodb.tables}
    assert [name for name, text in stored.items() if CARD in text] == []
    assert CARD not in log.text
    assert len(cloud.rows("parked")) > 0
