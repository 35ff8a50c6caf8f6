"""Query: the outcome of a record by the id of its receipt."""

import json
from typing import Any

import pytest

from handlers import query
from samples.envelopes import api_request
from samples.event_story import BLOCKED_PURCHASE, CALLER, FOREIGN_PURCHASE, Story
from tests.fakes.cloud import Cloud
from tests.handlers import given


def ask(context: Any, ingest_id: str) -> tuple[int, dict[str, Any]]:
    event = api_request("GET", "/v1/messages/{id}", CALLER, path={"id": ingest_id})
    answer = query.handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def outcome(context: Any, story: Story) -> str:
    status, told = ask(context, story.received.ingest_id)
    assert status == 200
    return str(told["outcome"])


def test_an_unknown_id_is_not_found(context: Any) -> None:
    status, told = ask(context, "ing_nobody")

    assert (status, told["code"]) == (404, "NOT_FOUND")


def test_a_received_record_is_in_flight(cloud: Cloud, context: Any) -> None:
    given.received(cloud, FOREIGN_PURCHASE)

    assert outcome(context, FOREIGN_PURCHASE) == "IN_FLIGHT"


@pytest.mark.parametrize(
    ("state", "expected"), [("PARKED", "DUPLICATE"), ("RELEASED", "IN_FLIGHT")]
)
def test_a_parked_record_tells_its_reason_until_it_is_released(
    cloud: Cloud, context: Any, state: str, expected: str
) -> None:
    given.received(cloud, FOREIGN_PURCHASE)
    ingest_id = FOREIGN_PURCHASE.received.ingest_id
    cloud.put("parked", ingest_id=ingest_id, state=state, reason="DUPLICATE", history=[])

    assert outcome(context, FOREIGN_PURCHASE) == expected


def test_booked_records_tell_where_their_money_is(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    given.booked(cloud)

    assert outcome(context, FOREIGN_PURCHASE) == "POSTED"
    assert outcome(context, BLOCKED_PURCHASE) == "SUSPENDED"


def test_the_answer_has_the_card_s_last_digits_alone(cloud: Cloud, context: Any) -> None:
    given.received(cloud, FOREIGN_PURCHASE)

    _, told = ask(context, FOREIGN_PURCHASE.received.ingest_id)

    assert told["record"]["last4"] == "1003"
    assert FOREIGN_PURCHASE.line.de["2"] not in json.dumps(told)
