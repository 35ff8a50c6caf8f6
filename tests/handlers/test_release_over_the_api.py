"""Release over the REST API: the same orders, with the signing principal beside who decided."""

import json
from dataclasses import replace
from typing import Any

import pytest

from handlers import query, release
from samples.envelopes import api_request
from samples.event_story import BLOCKED_PURCHASE, CALLER, FOREIGN_PURCHASE
from tests.fakes.cloud import Cloud
from tests.handlers import given

AGAIN = replace(FOREIGN_PURCHASE, request_key="sent-again")
REPEAT, HELD = AGAIN.received, BLOCKED_PURCHASE.received
OPS = {"by": "operator@example.com", "note": "seen"}


def order(context: Any, action: str, ingest_id: str, body: Any = OPS) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    resource = f"/v1/parked/{{ingest_id}}/{action}"
    event = api_request("POST", resource, CALLER, path={"ingest_id": ingest_id}, body=text)
    answer = release.handler(event, context)
    kind = "application/json" if answer["statusCode"] == 200 else "application/problem+json"
    assert answer["headers"] == {"Content-Type": kind}
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def repeated(cloud: Cloud) -> None:
    """Two records of one message: the second is parked as a duplicate."""
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)


@pytest.mark.usefixtures("repeated")
def test_an_order_keeps_who_decided_and_who_signed(cloud: Cloud, context: Any) -> None:
    status, told = order(context, "release", REPEAT.ingest_id)

    assert (status, told["result"], told["dry_run"]) == (200, "RELEASED", False)
    entry = cloud.row("parked")["history"][-1]
    assert (entry["by"], entry["note"]) == (OPS["by"], OPS["note"])
    assert entry["principal"] == f"{CALLER}/gateway-1"


@pytest.mark.usefixtures("repeated")
def test_a_dry_run_over_the_api_changes_nothing(cloud: Cloud, context: Any) -> None:
    before = cloud.rows("parked") + cloud.rows("claims")

    status, told = order(context, "discard", REPEAT.ingest_id, OPS | {"dry_run": True})

    assert (status, told["result"], told["dry_run"]) == (200, "DISCARDED", True)
    assert cloud.rows("parked") + cloud.rows("claims") == before


def test_the_story_of_a_returned_booking_names_who_returned_it(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, BLOCKED_PURCHASE)
    given.booked(cloud, "TransactionPostingSuspended")

    assert order(context, "return", HELD.ingest_id)[1]["result"] == "RETURN"

    event = api_request("GET", "/v1/messages/{id}", CALLER, path={"id": HELD.ingest_id})
    told = json.loads(query.handler(event, context)["body"])
    assert told["resolution"]["purpose"] == "RETURN"
    assert told["resolved_by"]["by"] == OPS["by"]
    assert told["resolved_by"]["principal"] == f"{CALLER}/gateway-1"


@pytest.mark.usefixtures("repeated")
def test_a_refused_order_is_a_conflict_with_its_code(context: Any) -> None:
    order(context, "discard", REPEAT.ingest_id)

    status, told = order(context, "release", REPEAT.ingest_id)

    assert (status, told["code"]) == (409, "NOT_PARKED")
    assert told["remedy"]


def test_an_order_about_nobody_is_not_found(context: Any) -> None:
    status, told = order(context, "release", "ing_nobody")

    assert (status, told["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", ""),
        ("{", ""),
        ("[]", ""),
        ({}, ""),
        ({"by": ""}, "by"),
        ({"by": 7}, "by"),
        ({"by": "ops", "dry_run": "no"}, "dry_run"),
        ({"by": "ops", "note": "n" * 1001}, "note"),
        ({"by": "ops", "as_distinct": True}, ""),
    ],
)
def test_a_fault_in_the_body_names_its_field(context: Any, body: Any, field: str) -> None:
    status, told = order(context, "return", HELD.ingest_id, body)

    assert (status, told["code"], told.get("field", "")) == (400, "BAD_BODY", field)


def test_a_malformed_id_names_its_part_of_the_path(context: Any) -> None:
    status, told = order(context, "return", "D#digest")

    assert (status, told["code"], told["parameter"]) == (400, "BAD_PARAMETER", "ingest_id")
