"""Account: a change is one transaction with its history; nothing that holds money is closed."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers import account
from samples.event_story import FOREIGN_PURCHASE, account_row
from tests.fakes.cloud import Cloud
from tests.handlers import given

ROW = "B#cust:A-1001#EUR"


@pytest.fixture(autouse=True)
def known(cloud: Cloud) -> None:
    given.reference(cloud)


def told(context: Any, action: str, account_id: str = "A-1001", **more: Any) -> dict[str, Any]:
    event = {"action": action, "account_id": account_id, "by": "ann", "note": "asked for", **more}
    return account.handler(event, context)


def nothing_ordered(cloud: Cloud) -> None:
    """The row says no more that opening money is under way."""
    cloud.put("balances", **cloud.row("balances", pk=ROW) | {"opening_due": 0})


def history(cloud: Cloud, account_id: str = "A-1001") -> list[dict[str, Any]]:
    rows = [row for row in cloud.rows("reference") if row["pk"] == f"A#{account_id}"]
    return [row["changed"] for row in sorted(rows, key=lambda row: row["sk"]) if "changed" in row]


def test_a_limit_moves_available_money_by_the_difference(cloud: Cloud, context: Any) -> None:
    before = cloud.row("balances", pk=ROW)

    answer = told(context, "limit", overdraft_limit=before["overdraft_limit"] + 500)

    after = cloud.row("balances", pk=ROW)
    assert answer["result"] == "CHANGED"
    assert after["available"] == before["available"] + 500
    assert after["version"] == before["version"] + 1
    assert cloud.row("reference", pk="A#A-1001", sk="CURRENT")["overdraft_limit"] == (
        before["overdraft_limit"] + 500
    )


def test_a_status_changes_for_rules_and_for_bookings_at_once(cloud: Cloud, context: Any) -> None:
    assert told(context, "status", status="HOLD_DEBIT")["result"] == "CHANGED"

    assert cloud.row("balances", pk=ROW)["status"] == "HOLD_DEBIT"
    assert cloud.row("reference", pk="A#A-1001", sk="CURRENT")["status"] == "HOLD_DEBIT"


def test_who_changed_what_when_and_why_is_kept(cloud: Cloud, context: Any) -> None:
    told(context, "status", status="HOLD_ALL")
    told(context, "status", status="OPEN", note="cleared", by="bob")

    first, second = history(cloud)
    assert (first["by"], first["note"], first["action"]) == ("ann", "asked for", "status")
    assert first["at"] == "2026-11-20T12:00:00.000+00:00"
    assert (first["before"]["status"], second["before"]["status"]) == ("OPEN", "HOLD_ALL")
    assert (second["by"], second["note"]) == ("bob", "cleared")


def test_a_new_account_has_its_balance_row_before_anything_is_posted(
    cloud: Cloud, context: Any
) -> None:
    terms = {"currency": "USD", "product": "CLASSIC", "overdraft_limit": 700, "holder": "N. Ewe"}

    assert told(context, "open", "A-9001", **terms)["result"] == "OPENED"

    row = cloud.row("balances", pk="B#cust:A-9001#USD")
    assert (row["available"], row["status"], row["posting_no"]) == (700, "OPEN", 0)
    current = cloud.row("reference", pk="A#A-9001", sk="CURRENT")
    assert (current["holder"], current["currency"]) == ("N. Ewe", "USD")
    assert [change["action"] for change in history(cloud, "A-9001")] == ["open"]


def test_loading_the_account_again_as_it_is_changes_nothing(cloud: Cloud, context: Any) -> None:
    told(context, "open", "A-9001", currency="USD", product="CLASSIC")
    row = {
        "account_id": "A-9001",
        "currency": "USD",
        "product": "CLASSIC",
        "status": "OPEN",
        "overdraft_limit": 0,
    }

    assert given.load("accounts", [row], version=9)["changed"] == 0


def test_an_empty_account_is_closed(cloud: Cloud, context: Any) -> None:
    told(context, "open", "A-9001", currency="EUR", product="CLASSIC")

    assert told(context, "close", "A-9001")["result"] == "CLOSED"

    assert cloud.row("balances", pk="B#cust:A-9001#EUR")["status"] == "CLOSED"


def test_an_account_whose_opening_money_is_under_way_is_not_closed(
    cloud: Cloud, context: Any
) -> None:
    answer = told(context, "close")

    assert (answer["result"], answer["code"]) == ("REFUSED", "OPENING_UNDER_WAY")
    assert "210000 EUR" in answer["message"]
    assert "load its row again" in answer["message"]
    assert cloud.row("balances", pk=ROW)["status"] == "OPEN"


def before_the_write(cloud: Cloud, happens: Callable[[], object]) -> list[str]:
    """It happens between what the order has read and its write; the list says that it did."""
    happened: list[str] = []

    def meanwhile(operation: str) -> None:
        if operation == "TransactWriteItems" and not happened:
            happened.append(operation)
            happens()

    cloud.dynamodb.before = meanwhile
    return happened


def test_opening_money_that_is_booked_between_look_and_close_keeps_the_account_open(
    cloud: Cloud, context: Any
) -> None:
    nothing_ordered(cloud)
    booked = before_the_write(cloud, lambda: given.openings_booked(cloud))

    assert told(context, "close")["code"] == "BALANCE_NOT_ZERO"
    assert booked


def test_an_account_with_money_on_it_is_not_closed(cloud: Cloud, context: Any) -> None:
    given.openings_booked(cloud)

    answer = told(context, "close")

    assert (answer["result"], answer["code"]) == ("REFUSED", "BALANCE_NOT_ZERO")
    assert "210000 EUR" in answer["message"]
    assert cloud.row("balances", pk=ROW)["status"] == "OPEN"


def test_an_account_with_money_held_is_not_closed(cloud: Cloud, context: Any) -> None:
    row = cloud.row("balances", pk=ROW)
    cloud.put("balances", **row | {"held": 100, "available": row["available"] - 100})

    assert told(context, "close")["code"] == "MONEY_HELD"


def test_an_account_whose_lack_of_funds_is_not_paid_is_not_closed(
    cloud: Cloud, context: Any
) -> None:
    nothing_ordered(cloud)
    row = cloud.row("balances", pk=ROW)
    cloud.put("balances", **row | {"receivable": 1500})

    assert told(context, "close")["code"] == "DEBT_OPEN"


def test_a_booking_between_look_and_close_keeps_the_account_open(
    cloud: Cloud, context: Any
) -> None:
    nothing_ordered(cloud)

    def purchase() -> None:
        given.received(cloud, FOREIGN_PURCHASE)
        given.booked(cloud, "TransactionPostingApproved")

    booked = before_the_write(cloud, purchase)

    assert told(context, "close")["code"] == "BALANCE_NOT_ZERO"
    assert booked


def test_what_a_load_changes_between_look_and_write_is_kept(cloud: Cloud, context: Any) -> None:
    row = {"account_id": "A-9001", "status": "OPEN", "currency": "EUR", "product": "CLASSIC"}
    told(context, "open", "A-9001", currency="EUR", product="CLASSIC")
    loaded = row | {"overdraft_limit": 0, "holder": "N. Ewe"}
    happened = before_the_write(cloud, lambda: given.load("accounts", [loaded], version=9))

    assert told(context, "limit", "A-9001", overdraft_limit=500)["result"] == "CHANGED"

    current = cloud.row("reference", pk="A#A-9001", sk="CURRENT")
    assert happened
    assert (current["holder"], current["overdraft_limit"]) == ("N. Ewe", 500)


def test_two_people_do_not_open_one_account_in_two_currencies(cloud: Cloud, context: Any) -> None:
    dollars, euros = ({"currency": each, "product": "CLASSIC"} for each in ("USD", "EUR"))
    first = before_the_write(cloud, lambda: told(context, "open", "A-9001", **dollars))

    assert told(context, "open", "A-9001", **euros)["code"] == "ACCOUNT_EXISTS"

    assert first
    assert cloud.row("reference", pk="A#A-9001", sk="CURRENT")["currency"] == "USD"
    assert "B#cust:A-9001#EUR" not in {row["pk"] for row in cloud.rows("balances")}


def test_a_dry_run_changes_nothing(cloud: Cloud, context: Any) -> None:
    before = cloud.rows("reference") + cloud.rows("balances")

    answer = told(context, "limit", overdraft_limit=1, dry_run=True)

    limit = account_row("A-1001")["overdraft_limit"]
    assert answer["result"] == "WOULD_LIMIT"
    assert answer["before"]["overdraft_limit"] == limit
    assert answer["after"]["overdraft_limit"] == 1
    assert cloud.rows("reference") + cloud.rows("balances") == before


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"action": "limit"}, "INCOMPLETE"),
        ({"action": "limit", "overdraft_limit": -1}, "NEGATIVE_LIMIT"),
        ({"action": "status", "status": "ASLEEP"}, "UNKNOWN_STATUS"),
        ({"action": "status", "status": "CLOSED"}, "CLOSE_IT"),
        ({"action": "status", "status": "OPEN"}, "NOTHING_CHANGES"),
        ({"action": "status", "status": "HOLD_ALL", "note": " "}, "NO_NOTE"),
        ({"action": "close", "account_id": "A-9001"}, "UNKNOWN_ACCOUNT"),
        ({"action": "open", "currency": "EUR", "product": "CLASSIC"}, "ACCOUNT_EXISTS"),
        ({"action": "open", "account_id": "A-9001"}, "INCOMPLETE"),
        (
            {"action": "open", "account_id": "A-9001", "currency": "EUR", "product": "GOLD"},
            "UNKNOWN_PRODUCT",
        ),
        (
            {"action": "open", "account_id": "A-9001", "currency": "XTS", "product": "CLASSIC"},
            "UNKNOWN_CURRENCY",
        ),
        ({"action": "open", "account_id": "no id at all"}, "NOT_AN_ORDER"),
        ({"action": "rename"}, "NOT_AN_ORDER"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused_by_name(
    cloud: Cloud, context: Any, order: dict[str, Any], code: str
) -> None:
    before = cloud.rows("reference") + cloud.rows("balances")

    assert told(context, **order)["code"] == code
    assert cloud.rows("reference") + cloud.rows("balances") == before


def test_a_closed_account_gets_no_limit_but_may_be_opened_again(cloud: Cloud, context: Any) -> None:
    told(context, "open", "A-9001", currency="EUR", product="CLASSIC")
    told(context, "close", "A-9001")

    assert told(context, "limit", "A-9001", overdraft_limit=5)["code"] == "ACCOUNT_CLOSED"
    assert told(context, "status", "A-9001", status="OPEN")["result"] == "CHANGED"
