"""Ingest file: a file is taken in record by record, or refused as a whole; twice is once."""

import hashlib
import json
from itertools import chain, repeat
from typing import Any

import pytest

from handlers import ingest_file
from samples.envelopes import landed
from tests.fakes.cloud import NOON, Cloud
from tests.fakes.runtime import Context, Log
from tests.handlers import given
from tests.unit.card_messages import CARD, as_bytes, as_json

BUCKET = "landing"
PURCHASES = [as_json(de11=f"{n:06}") for n in range(250)]


def jsonl(messages: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def framed(*bodies: bytes) -> bytes:
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def manifest(content: bytes, **changes: Any) -> bytes:
    stated = {
        "network": "VISA",
        "business_date": "2026-11-20",
        "count": content.count(b"\n"),
        "totals": {"EUR": 4500 * content.count(b"\n")},
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return json.dumps(stated | changes).encode()


def land(
    cloud: Cloud, content: bytes, key: str = "day/visa.jsonl", stated: bytes | None = None
) -> dict[str, Any]:
    """The event for a file that was put, with its manifest first where there is one."""
    if stated is not None:
        cloud.buckets.put(BUCKET, f"{key}.manifest.json", stated)
    notice = landed(BUCKET, key, len(content), NOON)
    notice["detail"]["object"]["version-id"] = cloud.buckets.put(BUCKET, key, content)
    return given.in_queue(notice)


def codes(cloud: Cloud) -> list[str]:
    return [row["code"] for row in cloud.rows("parked") if "code" in row]


def test_a_file_that_agrees_with_its_manifest_is_taken_in(cloud: Cloud, context: Any) -> None:
    content = jsonl(PURCHASES[:3])

    ingest_file.handler(land(cloud, content, stated=manifest(content)), context)

    assert len(cloud.rows("inbox")) == 3
    assert codes(cloud) == []


@pytest.mark.parametrize(
    "wrong",
    [{"count": 4}, {"totals": {"EUR": 1}}, {"sha256": "0" * 64}],
    ids=lambda wrong: str(wrong),
)
def test_a_file_that_disagrees_with_its_manifest_is_parked_and_nothing_is_taken_in(
    cloud: Cloud, context: Any, wrong: dict[str, Any]
) -> None:
    content = jsonl(PURCHASES[:3])

    ingest_file.handler(land(cloud, content, stated=manifest(content, **wrong)), context)

    assert cloud.rows("inbox") == []
    assert codes(cloud) == ["MANIFEST"]


def test_an_empty_file_is_parked(cloud: Cloud, context: Any) -> None:
    ingest_file.handler(land(cloud, b""), context)

    assert codes(cloud) == ["EMPTY_FILE"]


def test_a_file_that_is_cut_off_keeps_its_whole_records(cloud: Cloud, context: Any) -> None:
    content = framed(as_bytes(), as_bytes(de11="000124"))[:-5]
    event = land(cloud, content, "visa.bin", manifest(content, count=2, totals={"EUR": 4500}))

    ingest_file.handler(event, context)

    assert len(cloud.rows("inbox")) == 1
    assert codes(cloud) == ["TRUNCATED_RECORD"]


def test_a_broken_record_does_not_stop_the_rest(cloud: Cloud, context: Any) -> None:
    content = jsonl(PURCHASES[:1]) + b"{\n" + jsonl(PURCHASES[1:2])

    ingest_file.handler(land(cloud, content), context)

    assert len(cloud.rows("inbox")) == 2
    row = cloud.row("parked", reason="INVALID")
    assert row["source_ref"].startswith("s3://landing/day/visa.jsonl#1+")


def test_a_card_number_in_the_object_s_name_refuses_the_file(
    cloud: Cloud, context: Any, log: Log
) -> None:
    event = land(cloud, jsonl(PURCHASES[:1]), f"visa-{CARD}.jsonl")

    ingest_file.handler(event, context)

    assert cloud.rows("inbox") == []
    assert codes(cloud) == ["CARD_NUMBER_IN_KEY"]
    assert CARD not in str(cloud.rows("parked")) + log.text


def test_a_file_of_no_known_format_is_parked(cloud: Cloud, context: Any) -> None:
    ingest_file.handler(land(cloud, b"a;b;c\n", "visa.csv"), context)

    assert codes(cloud) == ["UNKNOWN_FORMAT"]


def test_a_manifest_that_cannot_be_read_refuses_its_file(cloud: Cloud, context: Any) -> None:
    ingest_file.handler(land(cloud, jsonl(PURCHASES[:1]), stated=b"{"), context)

    assert cloud.rows("inbox") == []
    assert len(codes(cloud)) == 1


def test_the_manifest_s_own_notice_is_passed_over(cloud: Cloud, context: Any) -> None:
    ingest_file.handler(land(cloud, b"{}", "day/visa.jsonl.manifest.json"), context)

    assert cloud.rows("inbox") + cloud.rows("parked") == []


def test_the_same_notice_twice_receives_once(cloud: Cloud, context: Any) -> None:
    event = land(cloud, jsonl(PURCHASES[:3]) + b"{\n")
    ingest_file.handler(event, context)
    before = cloud.rows("inbox") + cloud.rows("parked")

    ingest_file.handler(event, context)

    assert cloud.rows("inbox") + cloud.rows("parked") == before


def test_the_same_content_under_another_name_is_received_as_new_records(
    cloud: Cloud, context: Any
) -> None:
    for key in ("monday.jsonl", "tuesday.jsonl"):
        ingest_file.handler(land(cloud, jsonl(PURCHASES[:2]), key), context)

    # Four records of two messages: Deduplicate parks the second two.
    assert len(cloud.rows("inbox")) == 4
    assert len({row["msg_id"] for row in cloud.rows("inbox")}) == 2


def test_a_long_file_goes_on_in_another_run_with_the_same_ids(
    cloud: Cloud, context: Context, log: Log
) -> None:
    content = jsonl(PURCHASES)
    event = land(cloud, content, stated=manifest(content))
    ingest_file.handler(event, context)  # type: ignore[arg-type]
    at_once = {row["ingest_id"]: row["source_ref"] for row in cloud.rows("inbox")}
    cloud.dynamodb.tables["inbox"].items.clear()

    runs = 0
    pending = [event]
    while pending:
        # Time for one chunk of records in each run.
        left = chain([240_000], repeat(1_000))
        context.remaining = lambda left=left: next(left)  # type: ignore[misc]
        ingest_file.handler(pending.pop(), context)  # type: ignore[arg-type]
        pending = [{"Records": [{"body": body}]} for body in cloud.queues.bodies]
        cloud.queues.bodies.clear()
        runs += 1

    assert runs == 3
    assert {row["ingest_id"]: row["source_ref"] for row in cloud.rows("inbox")} == at_once
    assert [line["rest"] for line in log.named("file_received")] == [False, True, True, False]


def test_a_notice_without_a_version_names_the_current_one(cloud: Cloud, context: Any) -> None:
    content = jsonl(PURCHASES[:2])
    named = land(cloud, content)
    ingest_file.handler(named, context)
    notice = landed(BUCKET, "day/visa.jsonl", len(content), NOON)
    del notice["detail"]["object"]["version-id"]

    ingest_file.handler(given.in_queue(notice), context)

    assert len(cloud.rows("inbox")) == 2


def test_no_card_number_leaves_the_landing_bucket(cloud: Cloud, context: Any, log: Log) -> None:
    content = jsonl([*PURCHASES[:2], as_json(de4="x")]) + CARD.encode() + b"\n"

    ingest_file.handler(land(cloud, content), context)

    stored = {name: str(cloud.rows(name)) for name in cloud.dynamodb.tables}
    assert [name for name, text in stored.items() if CARD in text] == []
    assert CARD not in log.text
