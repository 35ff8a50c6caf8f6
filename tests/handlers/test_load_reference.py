"""Load reference: rows are versioned, card numbers leave as tokens, openings are ordered once."""

import json
from typing import Any

from handlers import load_reference
from samples import make_reference
from samples.event_story import account_row
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Log
from tests.handlers import given

ACCOUNT = account_row("A-1001")
CARDS = make_reference.cards()[:2]
RULES: dict[str, Any] = {"action": "rules", "rule_version": "v1", "rows": make_reference.rules()}
ACTIVATE = {
    "action": "activate",
    "rule_version": "v2",
    "by": "operator",
    "note": "the board decided",
}


ROW = "B#cust:A-1001#EUR"


def reference(cloud: Cloud, key: str, sk: str = "CURRENT") -> dict[str, Any]:
    return cloud.row("reference", pk=key, sk=sk)


def test_each_load_has_a_number_of_its_own(context: Any) -> None:
    versions = [load_reference.handler({"action": "begin"}, context)["version"] for _ in range(3)]

    assert versions == [1, 2, 3]


def test_a_card_number_is_replaced_by_its_token(cloud: Cloud, log: Log) -> None:
    assert given.load("cards", CARDS)["changed"] == 2

    rows = [row for row in cloud.rows("reference") if row["sk"] == "CURRENT"]
    assert sorted(row["account_id"] for row in rows) == sorted(c["account_id"] for c in CARDS)
    assert {row["last4"] for row in rows} == {card["card_number"][-4:] for card in CARDS}
    everything = str([cloud.rows(name) for name in cloud.dynamodb.tables]) + log.text
    assert not any(card["card_number"] in everything for card in CARDS)


def test_unchanged_rows_are_left_alone(cloud: Cloud) -> None:
    given.load("cards", CARDS, version=1)
    given.load("merchants", make_reference.merchants(), version=1)
    before = cloud.rows("reference")

    assert given.load("cards", CARDS, version=2)["changed"] == 0
    assert given.load("merchants", make_reference.merchants(), version=2)["changed"] == 0
    assert cloud.rows("reference") == before


def test_a_changed_row_has_the_load_s_number_and_keeps_its_history(cloud: Cloud) -> None:
    merchant = make_reference.merchants()[0]
    key = f"M#{merchant['merchant_id']}"
    given.load("merchants", [merchant], version=1)

    given.load("merchants", [merchant | {"name": "NORDMARKT MITTE"}], version=2)

    assert reference(cloud, key)["version"] == 2
    assert reference(cloud, key, "V#00000001")["name"] == "NORDMARKT"
    assert reference(cloud, key, "V#00000002")["name"] == "NORDMARKT MITTE"


def test_opening_money_is_ordered_until_it_is_booked(cloud: Cloud) -> None:
    assert given.load("accounts", [ACCOUNT])["openings"] == 1
    again = given.load("accounts", [ACCOUNT])
    assert (again["changed"], again["openings"]) == (0, 1)

    given.openings_booked(cloud)

    assert given.load("accounts", [ACCOUNT])["openings"] == 0
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["posted_c"] == ACCOUNT["opening_money"]


def test_opening_money_stands_on_the_row_until_it_is_booked(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])
    assert cloud.row("balances", pk=ROW)["opening_due"] == ACCOUNT["opening_money"]

    given.openings_booked(cloud)

    assert cloud.row("balances", pk=ROW)["opening_due"] == 0


def test_a_load_whose_opening_money_is_booked_meanwhile_orders_none(cloud: Cloud) -> None:
    """What it read of the journal is old when the row moves, so it reads both again."""
    given.load("accounts", [ACCOUNT | {"overdraft_limit": 1}])

    def book_between(operation: str) -> None:
        if operation == "UpdateItem":
            cloud.dynamodb.before = lambda _operation: None
            given.openings_booked(cloud)

    cloud.dynamodb.before = book_between
    answer = given.load("accounts", [ACCOUNT], version=2)

    assert (answer["openings"], cloud.queues.bodies) == (0, [])
    assert cloud.row("balances", pk=ROW)["opening_due"] == 0


def test_an_account_whose_opening_money_is_under_way_is_not_closed_by_a_load(
    cloud: Cloud,
) -> None:
    given.load("accounts", [ACCOUNT])

    closing = ACCOUNT | {"status": "CLOSED", "opening_money": 0}
    answer = given.load("accounts", [closing], version=2)

    assert [error["code"] for error in answer["errors"]] == ["OPENING_UNDER_WAY"]
    assert cloud.row("balances", pk=ROW)["status"] == "OPEN"


def test_opening_money_for_an_account_that_was_there_before_stands_on_its_row_too(
    cloud: Cloud,
) -> None:
    given.load("accounts", [ACCOUNT | {"opening_money": 0}])
    assert cloud.row("balances", pk=ROW)["opening_due"] == 0

    given.load("accounts", [ACCOUNT], version=2)

    row = cloud.row("balances", pk=ROW)
    assert (row["opening_due"], row["version"]) == (ACCOUNT["opening_money"], 2)


def test_other_opening_money_is_refused_and_names_the_correction(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])
    given.openings_booked(cloud)
    other = account_row("A-1046")

    answer = given.load("accounts", [ACCOUNT | {"opening_money": 1}, other])

    (error,) = answer["errors"]
    assert (error["account_id"], error["code"]) == ("A-1001", "OPENING_MONEY_CHANGED")
    assert "./posting correct J#OPENING#A-1001#EUR" in error["message"]
    assert cloud.queues.bodies != []
    assert cloud.row("reference", pk="A#A-1046", sk="CURRENT")["holder"] == other["holder"]


def test_the_balance_row_stands_before_the_opening_command_goes_out(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])

    row = cloud.row("balances", pk="B#cust:A-1001#EUR")
    assert (row["available"], row["posted_c"], row["version"]) == (50_000, 0, 1)
    (command,) = (json.loads(body) for body in cloud.queues.bodies)
    assert command["detail-type"] == "OpeningRequested"


def test_status_and_limit_change_in_one_update(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])
    given.openings_booked(cloud)
    before = cloud.row("balances", pk="B#cust:A-1001#EUR")
    writes: list[str] = []
    cloud.dynamodb.before = writes.append

    given.load("accounts", [ACCOUNT | {"status": "HOLD_ALL", "overdraft_limit": 20_000}], version=2)

    row = cloud.row("balances", pk="B#cust:A-1001#EUR")
    assert writes.count("UpdateItem") == 1
    assert (row["status"], row["overdraft_limit"]) == ("HOLD_ALL", 20_000)
    assert row["available"] == before["available"] - 30_000
    assert row["version"] == before["version"] + 1
    assert (row["posted_c"], row["posting_no"]) == (before["posted_c"], before["posting_no"])


def test_an_account_with_money_is_not_closed_by_a_load_either(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])
    given.openings_booked(cloud)
    before = cloud.rows("balances"), cloud.rows("reference")

    answer = given.load("accounts", [ACCOUNT | {"status": "CLOSED"}], version=2)

    assert [(e["account_id"], e["code"]) for e in answer["errors"]] == [
        ("A-1001", "BALANCE_NOT_ZERO")
    ]
    assert (cloud.rows("balances"), cloud.rows("reference")) == before


def test_what_is_booked_while_a_load_closes_the_account_keeps_it_open(cloud: Cloud) -> None:
    empty = ACCOUNT | {"opening_money": 0}
    given.load("accounts", [empty])

    def book_between(operation: str) -> None:
        if operation == "UpdateItem":
            cloud.dynamodb.before = lambda _operation: None
            row = cloud.row("balances", pk="B#cust:A-1001#EUR")
            moved = {"available": row["available"] + 700, "posted_c": 700}
            cloud.put("balances", **row | moved | {"version": row["version"] + 1})

    cloud.dynamodb.before = book_between
    answer = given.load("accounts", [empty | {"status": "CLOSED"}], version=2)

    assert answer["errors"][0]["code"] == "BALANCE_NOT_ZERO"
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["status"] == "OPEN"


def test_an_empty_account_is_closed_by_a_load(cloud: Cloud) -> None:
    empty = ACCOUNT | {"opening_money": 0}
    given.load("accounts", [empty])

    assert given.load("accounts", [empty | {"status": "CLOSED"}], version=2)["errors"] == []
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["status"] == "CLOSED"


def test_a_closed_account_gets_no_opening_money(cloud: Cloud) -> None:
    answer = given.load("accounts", [ACCOUNT | {"status": "CLOSED"}])

    assert answer["errors"][0]["code"] == "ACCOUNT_CLOSED"
    assert cloud.queues.bodies == []


def test_a_change_of_terms_gives_way_to_a_booking_between_read_and_write(cloud: Cloud) -> None:
    given.load("accounts", [ACCOUNT])

    def book_between(operation: str) -> None:
        if operation == "UpdateItem":
            cloud.dynamodb.before = lambda _operation: None
            row = cloud.row("balances", pk="B#cust:A-1001#EUR")
            moved = {"available": row["available"] - 700, "posted_d": 700}
            cloud.put("balances", **row | moved | {"version": row["version"] + 1})

    cloud.dynamodb.before = book_between
    given.load("accounts", [ACCOUNT | {"overdraft_limit": 0}], version=2)

    row = cloud.row("balances", pk="B#cust:A-1001#EUR")
    assert (row["available"], row["posted_d"], row["version"]) == (-700, 700, 3)


def test_a_rate_of_the_same_time_replaces_the_one_before(cloud: Cloud) -> None:
    rate = make_reference.fx()[0]
    given.load("fx", [rate])

    given.load("fx", [rate | {"rate": "0.5"}])

    assert cloud.row("reference", pk="FX#EUR#USD")["rate"] == "0.5"


def test_the_first_rule_set_is_put_once_and_is_in_force(cloud: Cloud, context: Any) -> None:
    first = load_reference.handler(RULES, context)

    assert first == {"changed": len(RULES["rows"]), "errors": [], "in_force": "v1"}
    assert load_reference.handler(RULES, context) == first | {"changed": 0}
    pointer = reference(cloud, "RULES")
    assert (pointer["rule_version"], pointer["by"]) == ("v1", "reference load")


def test_of_two_first_rule_sets_one_is_put_in_force(cloud: Cloud, context: Any) -> None:
    def other_first(operation: str) -> None:
        if operation == "TransactWriteItems":
            cloud.dynamodb.before = lambda _operation: None
            load_reference.handler(RULES | {"rule_version": "v2"}, context)

    cloud.dynamodb.before = other_first
    load_reference.handler(RULES, context)

    assert reference(cloud, "RULES")["rule_version"] == "v2"


def test_a_rule_set_never_changes_under_its_version(cloud: Cloud, context: Any) -> None:
    load_reference.handler(RULES, context)
    stricter = {"id": "AMOUNT_LIMIT", "params": {"limits": {"EUR": 1}}}

    answer = load_reference.handler(RULES | {"rows": [stricter]}, context)

    assert answer["errors"][0]["code"] == "RULE_SET_CHANGED"
    assert "500000" in reference(cloud, "RULES#v1", "AMOUNT_LIMIT")["params"]


def test_a_later_rule_set_waits_until_somebody_puts_it_in_force(cloud: Cloud, context: Any) -> None:
    load_reference.handler(RULES, context)

    answer = load_reference.handler(RULES | {"rule_version": "v2"}, context)

    assert (answer["changed"], answer["in_force"]) == (len(RULES["rows"]), "v1")
    assert reference(cloud, "RULES")["rule_version"] == "v1"


def test_an_activation_moves_the_pointer_and_keeps_who_when_and_why(
    cloud: Cloud, context: Any
) -> None:
    load_reference.handler(RULES, context)
    load_reference.handler(RULES | {"rule_version": "v2"}, context)

    told = load_reference.handler(ACTIVATE, context)

    assert (told["rule_version"], told["was"], told["dry_run"]) == ("v2", "v1", False)
    kept = {"rule_version": "v2", "was": "v1", "by": "operator", "note": "the board decided"}
    assert kept.items() <= reference(cloud, "RULES").items()
    story = [row for row in cloud.rows("reference") if row["sk"].startswith("AT#")]
    assert [row["rule_version"] for row in story if kept.items() <= row.items()] == ["v2"]


def test_an_activation_may_be_tried_and_may_come_twice(cloud: Cloud, context: Any) -> None:
    load_reference.handler(RULES, context)
    load_reference.handler(RULES | {"rule_version": "v2"}, context)

    tried = load_reference.handler(ACTIVATE | {"dry_run": True}, context)
    assert (tried["was"], reference(cloud, "RULES")["rule_version"]) == ("v1", "v1")
    load_reference.handler(ACTIVATE, context)
    before = cloud.rows("reference")
    again = load_reference.handler(ACTIVATE, context)

    assert again["was"] == "v2"
    assert cloud.rows("reference") == before


def test_a_version_that_is_not_loaded_or_lacks_a_check_is_refused(
    cloud: Cloud, context: Any
) -> None:
    load_reference.handler(RULES, context)
    assert load_reference.handler(ACTIVATE, context)["code"] == "UNKNOWN_RULE_VERSION"
    load_reference.handler(RULES | {"rule_version": "v2", "rows": RULES["rows"][1:]}, context)

    refused = load_reference.handler(ACTIVATE, context)

    assert refused["code"] == "RULE_SET_INCOMPLETE"
    assert RULES["rows"][0]["id"] in refused["message"]
    assert reference(cloud, "RULES")["rule_version"] == "v1"


def test_an_activation_that_meets_another_one_is_refused(cloud: Cloud, context: Any) -> None:
    load_reference.handler(RULES, context)
    for version in ("v2", "v3"):
        load_reference.handler(RULES | {"rule_version": version}, context)

    def other_first(operation: str) -> None:
        if operation == "TransactWriteItems":
            cloud.dynamodb.before = lambda _operation: None
            load_reference.handler(ACTIVATE | {"rule_version": "v3"}, context)

    cloud.dynamodb.before = other_first

    assert load_reference.handler(ACTIVATE, context)["code"] == "OTHER_ACTIVATION"
    assert reference(cloud, "RULES")["rule_version"] == "v3"
