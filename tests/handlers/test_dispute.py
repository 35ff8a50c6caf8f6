"""Dispute: what the command line sends is booked, refused by name, or waits for a second person."""

from typing import Any

import pytest

from handlers import announce, dispute
from samples.event_story import FOREIGN_PURCHASE
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Log
from tests.handlers import given

MSG_ID = FOREIGN_PURCHASE.received.msg_id
OPENED = f"J#{MSG_ID}#DISPUTE#OPEN#4500"


@pytest.fixture(autouse=True)
def day(cloud: Cloud) -> None:
    """A purchase of 123.45 dollars, 112.63 euros without its charges."""
    given.reference(cloud)
    given.openings_booked(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")


def told(context: Any, action: str = "open", **more: Any) -> dict[str, Any]:
    event = {"action": action, "id": MSG_ID, "amount": 4500, "currency": "EUR", "reason": "10.4"}
    return dispute.handler(event | {"by": "ann", "note": "stolen"} | more, context)


def test_an_opened_dispute_is_in_the_journal_with_who_ordered_it_and_why(
    cloud: Cloud, context: Any
) -> None:
    answer = told(context)

    assert (answer["result"], answer["header_id"]) == ("OPENED", OPENED)
    header = cloud.row("journal", pk=OPENED, sk="H")
    assert header["purpose"] == "DISPUTE_OPENED"
    assert header["decided"] == {
        "state": "DISPUTE_OPENED",
        "at": header["business_time"],
        "by": "ann",
        "reason": "10.4",
        "note": "stolen",
    }
    assert header["payment"]["label"] == "DISPUTED"
    order = cloud.row("journal", pk=f"ORDER#{OPENED}", sk=answer["order"])
    assert (order["by"], order["note"]) == ("ann", "stolen")
    assert header["causation_id"] == f"ORDER#{OPENED}#{answer['order']}"


def test_its_header_is_announced_as_posted(cloud: Cloud, context: Any) -> None:
    told(context)
    (opened,) = [
        each for each in cloud.inserts("journal") if each["dynamodb"]["Keys"]["pk"]["S"] == OPENED
    ]

    (event,) = announce.handler([opened], context)
    assert event["data"]["purpose"] == "DISPUTE_OPENED"
    assert event["data"]["payment"]["counters"]["disputed"] == 4500


def test_what_the_scheme_pays_for_a_foreign_purchase_is_said(cloud: Cloud, context: Any) -> None:
    told(context)

    assert told(context, "win")["code"] == "SETTLED_IN"
    paid = {"amount": 4932, "currency": "USD"}
    assert told(context, "win", settled=paid)["result"] == "WON"
    header = cloud.row("journal", pk=f"J#{MSG_ID}#DISPUTE#WIN#4500", sk="H")
    assert ("D", "settle:VISA:USD", 4932) in [
        (leg["side"], leg["account"], leg["amount"]) for leg in header["legs"]
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"amount": 0},
        {"amount": "45"},
        {"currency": "euro"},
        {"reason": "because of it"},
        {"case": "a#b"},
        {"action": "close"},
    ],
)
def test_what_is_no_order_is_refused(context: Any, more: dict[str, Any]) -> None:
    assert told(context, **more)["code"] == "NOT_AN_ORDER"


def test_an_unknown_payment_is_refused_by_name(context: Any) -> None:
    assert told(context, id="msg_nobody")["code"] == "UNKNOWN_PAYMENT"


def test_each_order_is_logged_without_its_amount(context: Any, log: Log) -> None:
    told(context)

    (line,) = log.named("disputed")
    assert (line["by"], line["reason"], line["result"]) == ("ann", "10.4", "OPENED")
    assert "amount" not in line
