"""Correct: what is wrong stays, its mirror and the right one follow, once and with two people."""

from typing import Any

import pytest

from domain.identity import distinct_message_id
from handlers import correct, release
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE, account_row
from tests.fakes.cloud import Cloud
from tests.handlers import given

WRONG = f"J#{FOREIGN_PURCHASE.received.msg_id}"
RIGHT = f"{WRONG}#CORRECT"
ROW = "B#cust:A-1001#EUR"
NO_FEE = {"amounts": {"FX_FEE": 0}}


@pytest.fixture(autouse=True)
def day(cloud: Cloud) -> None:
    """Opening money of 2,100.00 and a purchase of 123.45 dollars: 116.38 euros with its charges."""
    given.reference(cloud)
    given.openings_booked(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    given.booked(cloud)


def told(context: Any, change: Any = None, header_id: str = WRONG, **more: Any) -> dict[str, Any]:
    event = {"header_id": header_id, "change": change or {}, "by": "ann", "note": "waived"}
    return correct.handler(event | more, context)


def posted(cloud: Cloud) -> int:
    row = cloud.row("balances", pk=ROW)
    return int(row["posted_c"] - row["posted_d"])


def test_a_correction_is_the_mirror_and_the_right_one(cloud: Cloud, context: Any) -> None:
    answer = told(context, NO_FEE)

    assert (answer["result"], answer["header_id"]) == ("CORRECTED", RIGHT)
    header = cloud.row("journal", pk=RIGHT, sk="H")
    assert (header["purpose"], header["corrects"]) == ("CORRECT", WRONG)
    assert [(leg["side"], leg["account"], leg["amount"]) for leg in header["legs"]] == [
        ("D", "fxpos:EUR/USD", 11263),
        ("C", "cust:A-1001", 11263),
        ("D", "settle:VISA:USD", 12345),
        ("C", "fxpos:USD/EUR", 12345),
        ("D", "inc:fx_markup", 225),
        ("C", "cust:A-1001", 225),
        ("D", "inc:fx_fee", 150),
        ("C", "cust:A-1001", 150),
        ("D", "cust:A-1001", 11263),
        ("C", "fxpos:EUR/USD", 11263),
        ("D", "fxpos:USD/EUR", 12345),
        ("C", "settle:VISA:USD", 12345),
        ("D", "cust:A-1001", 225),
        ("C", "inc:fx_markup", 225),
    ]


def test_balance_and_statement_move_with_it(cloud: Cloud, context: Any) -> None:
    before = posted(cloud)

    answer = told(context, NO_FEE)

    assert posted(cloud) == before + 150
    customer = answer["customer"]
    assert (customer["before"], customer["net"], customer["after"]) == (before, 150, before + 150)
    line = cloud.row("journal", pk="S#cust:A-1001#EUR", sk="000000000003")
    assert (line["amount"], line["balance_after"], line["purpose"]) == (
        150,
        before + 150,
        "CORRECT",
    )


def test_what_was_wrong_is_not_edited(cloud: Cloud, context: Any) -> None:
    before = cloud.row("journal", pk=WRONG, sk="H")

    told(context, NO_FEE)

    assert cloud.row("journal", pk=WRONG, sk="H") == before


def test_a_dry_run_shows_legs_and_balances_and_writes_nothing(cloud: Cloud, context: Any) -> None:
    before = cloud.rows("journal") + cloud.rows("balances")

    answer = told(context, NO_FEE, dry_run=True)

    assert (answer["result"], answer["customer"]["net"]) == ("WOULD_CORRECT", 150)
    assert len(answer["legs"]) == 14
    assert cloud.rows("journal") + cloud.rows("balances") == before


def test_the_same_correction_again_is_made_once(cloud: Cloud, context: Any) -> None:
    told(context, NO_FEE)
    before = posted(cloud)

    again = told(context, NO_FEE)

    assert (again["result"], again["already"]) == ("CORRECTED", True)
    assert posted(cloud) == before


def test_another_correction_of_the_same_booking_is_refused(context: Any) -> None:
    told(context, NO_FEE)

    answer = told(context, {"amounts": {"FX_FEE": 100}})

    assert (answer["result"], answer["code"]) == ("REFUSED", "ALREADY_CORRECTED")


def test_a_wrong_correction_is_corrected_by_the_next_one(cloud: Cloud, context: Any) -> None:
    before = posted(cloud)
    told(context, NO_FEE)

    answer = told(context, {"amounts": {"FX_MARKUP": 200}}, RIGHT)

    assert (answer["result"], answer["header_id"]) == ("CORRECTED", f"{RIGHT}#CORRECT")
    assert posted(cloud) == before + 150 + 25


def test_a_voided_booking_leaves_nothing(cloud: Cloud, context: Any) -> None:
    before = posted(cloud)

    assert told(context, {"void": True})["result"] == "CORRECTED"

    assert posted(cloud) == before + 11_638
    answer = told(context, {"void": True}, RIGHT)
    assert answer["code"] == "NOTHING_IN_FORCE"


def test_opening_money_is_corrected_and_may_then_be_loaded_with_its_right_amount(
    cloud: Cloud, context: Any
) -> None:
    opening = "J#OPENING#A-1001#EUR"
    amount = account_row("A-1001")["opening_money"] + 100

    answer = told(context, {"amounts": {"OPENING": amount}}, opening)

    assert (answer["result"], answer["customer"]["net"]) == ("CORRECTED", 100)
    assert (
        given.load("accounts", [account_row("A-1001") | {"opening_money": amount}])["errors"] == []
    )


# --- two people


def test_above_the_cap_a_second_person_must_approve(cloud: Cloud, context: Any) -> None:
    before = posted(cloud)
    dear = {"amounts": {"FX_FEE": 20_151}}

    asked = told(context, dear)

    assert (asked["result"], asked["needs_approval"]) == ("WAITS_FOR_APPROVAL", True)
    assert posted(cloud) == before
    assert told(context, approve=True)["code"] == "SAME_PERSON"
    assert told(context, approve=True, by="bob")["result"] == "CORRECTED"
    assert posted(cloud) == before - 20_001


def test_who_asks_for_the_same_later_does_not_become_the_one_who_asked(
    cloud: Cloud, context: Any
) -> None:
    dear = {"amounts": {"FX_FEE": 20_151}}
    asked = told(context, dear)

    assert told(context, dear, by="bob")["result"] == "WAITS_FOR_APPROVAL"

    order = cloud.row("journal", pk=f"ORDER#{RIGHT}", sk=asked["order"])
    assert order["by"] == "ann"
    assert told(context, approve=True)["code"] == "SAME_PERSON"


def test_what_nobody_asked_for_cannot_be_approved(context: Any) -> None:
    assert told(context, approve=True, by="bob")["code"] == "NOT_ASKED"


def test_up_to_the_cap_one_person_decides(context: Any) -> None:
    assert told(context, {"amounts": {"FX_FEE": 20_150}})["result"] == "CORRECTED"


def test_who_asked_and_who_approved_is_kept_for_ever(cloud: Cloud, context: Any) -> None:
    asked = told(context, {"amounts": {"FX_FEE": 20_151}})
    told(context, approve=True, by="bob")

    order = cloud.row("journal", pk=f"ORDER#{RIGHT}", sk=asked["order"])
    approval = cloud.row("journal", pk=f"ORDER#{RIGHT}", sk=f"{asked['order']}#APPROVED")

    assert (order["by"], order["note"], approval["by"]) == ("ann", "waived", "bob")
    header = cloud.row("journal", pk=RIGHT, sk="H")
    assert header["causation_id"] == f"ORDER#{RIGHT}#{asked['order']}"


def test_without_a_rule_about_it_every_correction_needs_two_people(
    cloud: Cloud, context: Any
) -> None:
    cloud.dynamodb.delete_item(
        TableName="reference", Key={"pk": {"S": "RULES#v1"}, "sk": {"S": "CORRECTION_CAP"}}
    )

    assert told(context, NO_FEE)["result"] == "WAITS_FOR_APPROVAL"


# --- refusals


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "NOTHING_CHANGES"),
        ({"amounts": {"FX_FEE": 150}}, "NOTHING_CHANGES"),
        ({"amounts": {"TIP": 1}}, "UNKNOWN_PART"),
        ({"amounts": {"FX_FEE": -1}}, "NEGATIVE_AMOUNT"),
    ],
)
def test_a_change_that_is_none_or_cannot_be_is_refused(
    context: Any, change: Any, code: str
) -> None:
    assert told(context, change)["code"] == code


def test_a_header_that_does_not_exist_is_not_corrected(context: Any) -> None:
    assert told(context, NO_FEE, f"J#{distinct_message_id('msg', 'ing')}")["code"] == "NOT_FOUND"


def test_a_suspense_booking_is_resolved_and_not_corrected(context: Any) -> None:
    header_id = f"J#{BLOCKED_PURCHASE.received.msg_id}"

    assert told(context, {"void": True}, header_id)["code"] == "IN_SUSPENSE"


def test_what_a_release_took_out_of_suspense_is_final(cloud: Cloud, context: Any) -> None:
    given.load("accounts", [account_row("A-1046") | {"status": "OPEN"}], version=2)
    record = BLOCKED_PURCHASE.received
    order = {"action": "release", "ingest_id": record.ingest_id, "by": "ann"}
    assert release.handler(order, context)["result"] == "RESUME"

    answer = told(context, {"void": True}, f"J#{record.msg_id}#RESOLVE")

    assert (answer["result"], answer["code"]) == ("REFUSED", "MOVES_SUSPENSE")


def test_a_closed_account_takes_no_correction(cloud: Cloud, context: Any) -> None:
    cloud.put("balances", **cloud.row("balances", pk=ROW) | {"status": "CLOSED"})

    assert told(context, NO_FEE)["code"] == "ACCOUNT_CLOSED"


def test_a_balance_that_moves_meanwhile_is_read_again(cloud: Cloud, context: Any) -> None:
    """Somebody raises the limit between the reading of the row and the booking."""
    moved: list[str] = []

    def meanwhile(operation: str) -> None:
        if operation == "TransactWriteItems" and not moved:
            moved.append(operation)
            row = cloud.row("balances", pk=ROW)
            cloud.put("balances", **row | {"version": row["version"] + 1})

    cloud.dynamodb.before = meanwhile

    assert told(context, NO_FEE)["result"] == "CORRECTED"
    assert moved
