"""Query: the outcome of a record by the id of its receipt."""

import json
from typing import Any

import pytest

from domain.announcement import posted_event_id
from handlers import correct, dispute, query
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


def test_a_story_shows_the_payment_with_its_label_counters_and_disputes(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")
    order = {"action": "open", "id": FOREIGN_PURCHASE.received.msg_id, "amount": 4500}
    dispute.handler(order | {"currency": "EUR", "reason": "10.4", "by": "ann"}, context)
    correct.handler(
        {
            "header_id": f"J#{FOREIGN_PURCHASE.received.msg_id}",
            "change": {"amounts": {"FX_FEE": 0}},
            "by": "ann",
        },
        context,
    )

    _, told = ask(context, FOREIGN_PURCHASE.received.ingest_id)

    payment = told["payment"]
    assert (payment["label"], payment["currency"], payment["held"]) == ("DISPUTED", "EUR", 0)
    assert payment["counters"] == {"cleared": 11263, "disputed": 4500}
    assert [(each["kind"], each["amount"]) for each in payment["bookings"]] == [
        ("CLEAR", 11263),
        ("DISPUTE", 4500),
    ]
    assert payment["bookings"][1]["decided"]["by"] == "ann"
    assert [each["purpose"] for each in told["disputes"]] == ["DISPUTE_OPENED"]
    assert payment["corrected"] == 0
    said = {each["header_id"]: each for each in told["events"] if "header_id" in each}
    assert sorted(each["purpose"] for each in said.values()) == [
        "CLEAR",
        "CORRECT",
        "DISPUTE_OPENED",
    ]
    (opened,) = [each for each in said.values() if each["purpose"] == "DISPUTE_OPENED"]
    assert opened["event_id"] == posted_event_id(opened["header_id"])
    assert (opened["expected"], opened["detail_type"]) == (True, "TransactionPosted")
    assert ask(context, payment["payment_id"])[1]["ingest_id"] == told["ingest_id"]


def test_what_a_correction_gave_back_of_a_purchase_stands_beside_the_counters(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")
    header_id = f"J#{FOREIGN_PURCHASE.received.msg_id}"
    for by, approve in (("ann", False), ("bob", True)):
        order = {"header_id": header_id, "change": {"void": not approve}}
        correct.handler(order | {"by": by, "approve": approve}, context)

    _, told = ask(context, FOREIGN_PURCHASE.received.ingest_id)

    assert told["payment"]["counters"] == {"cleared": 11263}
    assert told["payment"]["corrected"] == 11263
