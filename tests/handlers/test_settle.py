"""Settle: a scheme's file is checked line by line, paid once, and reported."""

import copy
import json
from collections import defaultdict
from typing import Any

import pytest

from domain.events import TransactionPostingSuspended
from handlers import correct, fold, release, settle
from samples.envelopes import bus_event
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE
from samples.make_settlement import settlement
from tests.fakes.cloud import NOON, Cloud
from tests.handlers import given

PAID_EUR = "J#SETTLE#VISA#2026-11-21#VSS-20261121-1#EUR"
PAID_USD = "J#SETTLE#VISA#2026-11-21#VSS-20261121-1#USD"
SWEPT = f"{PAID_USD}#FXGAIN"
REPORT = "settlement/VISA/2026-11-21/VSS-20261121-1"
# The stories were booked in the first minutes of the day.
BOOKED = {"booked_since": "2026-11-20T00:00:00Z", "booked_until": "2026-11-20T00:15:00Z"}


@pytest.fixture(autouse=True)
def day(cloud: Cloud) -> None:
    """A purchase in dollars on its customer, one in euros in suspense."""
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    given.booked(cloud)
    cloud.time = NOON


def told(context: Any, file: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    event = {"file": file or settlement(), "by": "ops", "note": "daily", **BOOKED, **more}
    return settle.handler(event, context)


def with_line(**changes: Any) -> dict[str, Any]:
    """The file with another line of euros, its totals made to fit."""
    file = settlement()
    line = copy.deepcopy(file["lines"][1]) | {"n": 3} | changes
    file["lines"].append(line)
    total = file["totals"][0]
    total["lines"], total["debits"] = 2, total["debits"] + line["amount"]
    return file


def with_euros(amount: int) -> dict[str, Any]:
    file = settlement()
    file["lines"][1]["amount"] = file["totals"][0]["debits"] = amount
    return file


def legs(cloud: Cloud, header_id: str) -> list[tuple[str, str, int]]:
    header = cloud.row("journal", pk=header_id, sk="H")
    return [(leg["side"], leg["account"], leg["amount"]) for leg in header["legs"]]


def header_ids(cloud: Cloud) -> set[str]:
    return {row["pk"] for row in cloud.rows("journal") if row["sk"] == "H"}


def balances(cloud: Cloud, context: Any) -> dict[str, int]:
    """Internal accounts after the fold, credit positive, in minor units."""
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    found: dict[str, int] = defaultdict(int)
    for row in cloud.rows("balances"):
        if row.get("account_kind") == "internal":
            found[row["account"]] += row["posted_c"] - row["posted_d"]
    return found


def report(cloud: Cloud) -> dict[str, Any]:
    return dict(json.loads(cloud.buckets.objects["audit", f"{REPORT}.json"]))


# --- payment


def test_the_file_is_paid_and_its_gain_swept_to_the_minor_unit(cloud: Cloud, context: Any) -> None:
    answer = told(context)

    assert (answer["result"], answer["matched"], answer["breaks"]) == ("SETTLED", 2, [])
    assert legs(cloud, PAID_EUR) == [("D", "settle:VISA:EUR", 4500), ("C", "nostro:EUR", 4500)]
    assert legs(cloud, PAID_USD) == [
        ("D", "settle:VISA:USD", 12345),
        ("C", "fxpos:USD/EUR", 12345),
        ("D", "fxpos:EUR/USD", 11246),
        ("C", "nostro:EUR", 11246),
    ]
    assert legs(cloud, SWEPT) == [("D", "fxpos:EUR/USD", 17), ("C", "inc:fx_gain", 17)]


def test_clearing_accounts_and_positions_return_to_zero(cloud: Cloud, context: Any) -> None:
    told(context)

    found = balances(cloud, context)

    zero = {"settle:VISA:EUR", "settle:VISA:USD", "fxpos:EUR/USD", "fxpos:USD/EUR"}
    assert {account: found[account] for account in zero} == dict.fromkeys(zero, 0)
    assert (found["inc:fx_gain"], found["nostro:EUR"]) == (17, 15_746)


def test_the_same_file_again_books_nothing_again(cloud: Cloud, context: Any) -> None:
    told(context)
    before = header_ids(cloud)

    again = told(context)

    assert [each["already"] for each in again["bookings"]] == [True, True, True]
    assert header_ids(cloud) == before


def test_another_content_of_the_same_file_is_refused_and_names_the_correction(
    cloud: Cloud, context: Any
) -> None:
    told(context)
    before = header_ids(cloud)

    answer = told(context, with_euros(4600))

    assert (answer["result"], answer["code"]) == ("REFUSED", "SETTLED_WITH_OTHER_CONTENT")
    assert f"./posting correct {PAID_EUR}" in answer["message"]
    assert header_ids(cloud) == before


def test_a_dry_run_writes_nothing(cloud: Cloud, context: Any) -> None:
    before = cloud.rows("journal")

    answer = told(context, with_euros(4600), dry_run=True, repair=True)

    assert answer["result"] == "WOULD_SETTLE"
    assert [each["result"] for each in answer["bookings"]] == ["WOULD_BOOK"] * 3
    assert [each["result"] for each in answer["repairs"]] == ["WOULD_CORRECT"]
    assert cloud.rows("journal") == before
    assert cloud.buckets.objects == {}


def test_what_is_no_settlement_file_is_refused(context: Any) -> None:
    answer = told(context, {"network": "VISA"})

    assert (answer["result"], answer["code"]) == ("REFUSED", "NOT_A_SETTLEMENT_FILE")


# --- what does not agree


def test_breaks_are_named_and_the_payment_is_booked_all_the_same(
    cloud: Cloud, context: Any
) -> None:
    unknown = {"reference": {"acquirer": "476173", "rrn": "999999999999"}, "amount": 700}

    answer = told(context, with_line(**unknown))

    assert answer["kinds"] == {"MISSING_HERE": 1}
    assert legs(cloud, PAID_EUR) == [("D", "settle:VISA:EUR", 5200), ("C", "nostro:EUR", 5200)]


def test_a_currency_whose_totals_are_wrong_is_not_paid(cloud: Cloud, context: Any) -> None:
    file = settlement()
    file["totals"][0]["debits"] = 9_999

    answer = told(context, file)

    assert answer["kinds"] == {"TOTALS_WRONG": 1}
    assert PAID_EUR not in header_ids(cloud)
    assert PAID_USD in header_ids(cloud)


def test_the_report_is_kept_in_both_forms(cloud: Cloud, context: Any) -> None:
    answer = told(context, with_euros(4600))

    assert answer["report"] == f"{REPORT}.json"
    found = report(cloud)
    assert (found["in_agreement"], found["kinds"]) == (False, {"AMOUNT_DIFFERS": 1})
    assert found["booked"] == [PAID_EUR, PAID_USD, SWEPT]
    markdown = cloud.buckets.objects["audit", f"{REPORT}.md"].decode()
    assert "| AMOUNT_DIFFERS | line 2" in markdown
    assert "| USD | 123.45 | 112.46 EUR | 0.00 |" in markdown


def test_a_line_that_an_earlier_file_has_paid_is_a_duplicate(cloud: Cloud, context: Any) -> None:
    told(context)

    answer = told(context, settlement() | {"file_id": "VSS-20261121-2"}, dry_run=True)

    assert answer["kinds"] == {"DUPLICATE_LINE": 2}


def test_a_correction_of_a_presentment_is_what_the_line_is_compared_with(
    cloud: Cloud, context: Any
) -> None:
    header_id = f"J#{FOREIGN_PURCHASE.received.msg_id}"
    change = {"amounts": {"FX": 12_000, "PRINCIPAL": 10_948}}
    order = {"header_id": header_id, "change": change, "by": "ops", "note": "misread"}
    assert correct.handler(order, context)["result"] == "CORRECTED"

    answer = told(context, dry_run=True, booked_until="2026-11-20T00:05:00Z")

    assert [(each["there"], each["here"]) for each in answer["breaks"]] == [
        (12_345, 12_000),
        (4_500, 0),
    ]


# --- repair


def test_a_repair_moves_differences_to_suspense_and_clearing_returns_to_zero(
    cloud: Cloud, context: Any
) -> None:
    answer = told(context, with_euros(4600), repair=True)

    (mended,) = answer["repairs"]
    assert (mended["result"], mended["kind"]) == ("CORRECTED", "AMOUNT_DIFFERS")
    assert legs(cloud, f"{PAID_EUR}#LINE#2") == [
        ("D", "susp:SETTLEMENT_BREAK:EUR", 100),
        ("C", "settle:VISA:EUR", 100),
    ]
    header = cloud.row("journal", pk=f"{PAID_EUR}#LINE#2", sk="H")
    assert header["corrects"] == f"J#{BLOCKED_PURCHASE.received.msg_id}"
    assert balances(cloud, context)["settle:VISA:EUR"] == 0
    assert report(cloud)["mended"] == [f"{PAID_EUR}#LINE#2"]


def test_a_repair_that_is_asked_for_twice_is_made_once(cloud: Cloud, context: Any) -> None:
    told(context, with_euros(4600), repair=True)
    before = header_ids(cloud)

    (again,) = told(context, with_euros(4600), repair=True)["repairs"]

    assert again["already"] is True
    assert header_ids(cloud) == before


def test_a_repair_above_the_cap_waits_for_a_second_person(cloud: Cloud, context: Any) -> None:
    unknown = {"reference": {"acquirer": "476173", "rrn": "999999999999"}, "amount": 20_001}
    file = with_line(**unknown)

    def repaired(by: str, **more: Any) -> tuple[str, str | None]:
        (found,) = told(context, file, repair=True, **more | {"by": by})["repairs"]
        return found["result"], found.get("code")

    assert repaired("ann", approve=True) == ("REFUSED", "NOT_ASKED")
    assert repaired("ann") == ("WAITS_FOR_APPROVAL", None)
    assert f"{PAID_EUR}#LINE#3" not in header_ids(cloud)
    assert repaired("ann", approve=True) == ("REFUSED", "SAME_PERSON")
    assert repaired("bob", approve=True) == ("CORRECTED", None)
    assert legs(cloud, f"{PAID_EUR}#LINE#3")[0] == ("D", "susp:SETTLEMENT_BREAK:EUR", 20_001)


def test_what_is_released_after_the_payment_is_swept_by_the_same_file_again(
    cloud: Cloud, context: Any
) -> None:
    """The dollars were bought while the purchase waited; only its release earns anything."""
    cloud.reset()
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    held = FOREIGN_PURCHASE.decided(TransactionPostingSuspended)
    decision = {"outcome": "SUSPENDED", "reason": "ACCOUNT_ON_HOLD", "rule_version": "v1"}
    cloud.time = FOREIGN_PURCHASE.booked_at
    assert given.post_one(given.changed(bus_event(held, NOON), decision=decision)) == []
    given.booked(cloud, "TransactionPostingSuspended")
    cloud.time = NOON

    first = told(context)
    order = {"action": "release", "ingest_id": FOREIGN_PURCHASE.received.ingest_id, "by": "ops"}
    assert release.handler(order, context)["result"] == "RESUME"
    again, third = told(context), told(context)

    assert SWEPT not in {each["header_id"] for each in first["bookings"]}
    assert legs(cloud, SWEPT) == [("D", "fxpos:EUR/USD", 17), ("C", "inc:fx_gain", 17)]
    assert [each.get("already", False) for each in again["bookings"]] == [True, True, False]
    assert [each["already"] for each in third["bookings"]] == [True, True, True]
    found = balances(cloud, context)
    assert (found["fxpos:EUR/USD"], found["fxpos:USD/EUR"]) == (0, 0)


def test_a_gain_that_grows_is_swept_by_a_second_booking(cloud: Cloud, context: Any) -> None:
    told(context)
    header_id = f"J#{FOREIGN_PURCHASE.received.msg_id}"
    order = {"header_id": header_id, "change": {"amounts": {"PRINCIPAL": 11_300}}, "by": "ops"}
    assert correct.handler(order, context)["result"] == "CORRECTED"

    told(context)

    assert legs(cloud, f"{SWEPT}2") == [("D", "fxpos:EUR/USD", 37), ("C", "inc:fx_gain", 37)]
    assert balances(cloud, context)["fxpos:EUR/USD"] == 0


def test_what_was_tolerated_is_not_mended_as_well(cloud: Cloud, context: Any) -> None:
    told(context, with_euros(4502), tolerance=2)
    before = header_ids(cloud)

    answer = told(context, with_euros(4502), repair=True)

    assert (answer["result"], answer["code"]) == ("REFUSED", "TOLERANCE_CHANGED")
    assert "a tolerance of 2" in answer["message"]
    assert header_ids(cloud) == before
    assert balances(cloud, context)["inc:settlement_difference"] == -2
