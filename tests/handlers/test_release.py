"""Release: each order is done once or refused, and moves money only out of suspense."""

from dataclasses import replace
from typing import Any

import pytest

from domain.events import TransactionPostingApproved, TransactionPostingSuspended
from domain.identity import distinct_message_id
from handlers import release
from samples import make_reference
from samples.envelopes import bus_event
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE, account_row
from tests.fakes.cloud import NOON, Cloud
from tests.handlers import given

AGAIN = replace(FOREIGN_PURCHASE, request_key="sent-again")
RECORD, REPEAT, HELD = (each.received for each in (FOREIGN_PURCHASE, AGAIN, BLOCKED_PURCHASE))
BALANCE = "B#cust:A-1046#EUR"


def order(context: Any, action: str, ingest_id: str, **more: Any) -> dict[str, Any]:
    event = {"action": action, "ingest_id": ingest_id, "by": "ops", "note": "seen", **more}
    return release.handler(event, context)


def opened(status: str = "OPEN") -> None:
    given.load("accounts", [account_row("A-1046") | {"status": status}], version=2)


@pytest.fixture
def suspended(cloud: Cloud) -> None:
    """A purchase of a blocked account, in suspense."""
    given.reference(cloud)
    given.received(cloud, BLOCKED_PURCHASE)
    given.booked(cloud, "TransactionPostingSuspended")


@pytest.fixture
def repeated(cloud: Cloud) -> None:
    """Two records of one message: the second is parked as a duplicate."""
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)


# --- suspense


@pytest.mark.usefixtures("suspended")
def test_a_suspense_booking_is_resumed_once_the_account_is_open(cloud: Cloud, context: Any) -> None:
    opened()

    first = order(context, "release", HELD.ingest_id)
    again = order(context, "release", HELD.ingest_id)

    assert (first["result"], first["header_id"]) == ("RESUME", f"J#{HELD.msg_id}#RESOLVE")
    assert again == first | {"already": True}
    assert cloud.row("balances", pk=BALANCE)["posted_d"] == 4500
    header = cloud.row("journal", pk=f"J#{HELD.msg_id}#RESOLVE", sk="H")
    assert [(leg["account"], leg["side"], leg["amount"]) for leg in header["legs"]] == [
        ("cust:A-1046", "D", 4500),
        ("susp:ACCOUNT_ON_HOLD:EUR", "C", 4500),
    ]


@pytest.mark.usefixtures("suspended")
def test_a_suspense_booking_stays_while_the_account_is_held(cloud: Cloud, context: Any) -> None:
    answer = order(context, "release", HELD.ingest_id)

    assert (answer["result"], answer["code"]) == ("REFUSED", "ACCOUNT_ON_HOLD")
    assert cloud.row("balances", pk=BALANCE)["posted_d"] == 0


@pytest.mark.usefixtures("suspended")
def test_a_suspense_booking_is_returned_to_the_scheme(cloud: Cloud, context: Any) -> None:
    answer = order(context, "return", HELD.ingest_id)

    assert answer["result"] == "RETURN"
    header = cloud.row("journal", pk=f"J#{HELD.msg_id}#RESOLVE", sk="H")
    assert [(leg["account"], leg["side"], leg["amount"]) for leg in header["legs"]] == [
        ("settle:VISA:EUR", "D", 4500),
        ("susp:ACCOUNT_ON_HOLD:EUR", "C", 4500),
    ]


@pytest.mark.usefixtures("suspended")
def test_what_was_returned_cannot_be_released_as_well(cloud: Cloud, context: Any) -> None:
    order(context, "return", HELD.ingest_id)
    opened()

    answer = order(context, "release", HELD.ingest_id)

    assert (answer["result"], answer["code"]) == ("REFUSED", "ALREADY_RESOLVED")
    assert cloud.row("balances", pk=BALANCE)["posted_d"] == 0


@pytest.mark.usefixtures("suspended")
def test_a_dry_run_moves_no_money(cloud: Cloud, context: Any) -> None:
    opened()
    before = cloud.rows("journal") + cloud.rows("balances")

    assert order(context, "release", HELD.ingest_id, dry_run=True)["result"] == "RESUME"
    assert order(context, "return", HELD.ingest_id, dry_run=True)["result"] == "RETURN"
    assert cloud.rows("journal") + cloud.rows("balances") == before


def test_a_foreign_purchase_is_resumed_at_the_rate_of_its_own_date(
    cloud: Cloud, context: Any
) -> None:
    """Both positions, the customer, and markup and fee as if it had never been held."""
    given.reference(cloud)
    held = FOREIGN_PURCHASE.decided(TransactionPostingSuspended)
    decision = {"outcome": "SUSPENDED", "reason": "ACCOUNT_ON_HOLD", "rule_version": "v1"}
    given.received(cloud, FOREIGN_PURCHASE)
    assert given.post_one(given.changed(bus_event(held, NOON), decision=decision)) == []
    given.load("fx", [make_reference.fx()[0] | {"as_of": "2026-11-21T00:00:00Z", "rate": "0.95"}])

    assert order(context, "release", RECORD.ingest_id)["result"] == "RESUME"

    header = cloud.row("journal", pk=f"J#{RECORD.msg_id}#RESOLVE", sk="H")
    assert header["fx"]["rate"] == "0.912345"
    assert {(leg["account"], leg["side"], leg["amount"]) for leg in header["legs"]} >= {
        ("fxpos:USD/EUR", "D", 12345),
        ("susp:ACCOUNT_ON_HOLD:USD", "C", 12345),
        ("fxpos:EUR/USD", "C", 11263),
        ("inc:fx_markup", "C", 225),
        ("inc:fx_fee", "C", 150),
    }
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["posted_d"] == 11638


# --- parked records


@pytest.mark.usefixtures("repeated")
def test_a_released_duplicate_takes_the_claim_and_goes_on(cloud: Cloud, context: Any) -> None:
    answer = order(context, "release", REPEAT.ingest_id)

    assert (answer["result"], answer["sent"]) == ("RELEASED", True)
    assert cloud.row("claims", msg_id=RECORD.msg_id)["owner"] == REPEAT.ingest_id
    row = cloud.row("parked")
    assert (row["state"], row["history"][-1]["by"]) == ("RELEASED", "ops")
    assert cloud.bus.details[0]["data"]["ingest_id"] == REPEAT.ingest_id


def test_a_duplicate_of_a_booked_message_is_not_released(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)
    given.booked(cloud, "TransactionPostingApproved")

    answer = order(context, "release", REPEAT.ingest_id)

    assert (answer["result"], answer["code"]) == ("REFUSED", "ALREADY_BOOKED")
    assert "--as-distinct" in answer["message"]
    assert (cloud.row("parked")["state"], cloud.bus.entries) == ("PARKED", [])


def test_a_duplicate_may_be_released_as_a_message_of_its_own(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.admitted(cloud, FOREIGN_PURCHASE, AGAIN)
    given.booked(cloud, "TransactionPostingApproved")

    answer = order(context, "release", REPEAT.ingest_id, as_distinct=True)

    distinct = distinct_message_id(RECORD.msg_id, REPEAT.ingest_id)
    assert (answer["result"], answer["msg_id"]) == ("RELEASED", distinct)
    assert cloud.row("claims", msg_id=distinct)["owner"] == REPEAT.ingest_id
    assert cloud.bus.details[0]["meta"]["msg_id"] == distinct


@pytest.mark.usefixtures("repeated")
def test_a_release_that_the_bus_refuses_is_left_to_the_sweep(cloud: Cloud, context: Any) -> None:
    cloud.bus.refused = {"TransactionAuthorized"}

    answer = order(context, "release", REPEAT.ingest_id)

    assert (answer["result"], answer["sent"]) == ("RELEASED", False)
    assert cloud.row("parked")["state"] == "RELEASED"


@pytest.mark.usefixtures("repeated")
def test_a_record_is_released_once(context: Any) -> None:
    order(context, "release", REPEAT.ingest_id)

    answer = order(context, "release", REPEAT.ingest_id)

    assert (answer["result"], answer["code"]) == ("REFUSED", "NOT_PARKED")


@pytest.mark.usefixtures("repeated")
def test_a_discarded_record_is_closed_with_who_and_why(cloud: Cloud, context: Any) -> None:
    assert order(context, "discard", REPEAT.ingest_id)["result"] == "DISCARDED"

    row = cloud.row("parked")
    assert row["state"] == "DISCARDED"
    assert (row["history"][-1]["by"], row["history"][-1]["note"]) == ("ops", "seen")
    assert order(context, "release", REPEAT.ingest_id)["code"] == "NOT_PARKED"


@pytest.mark.usefixtures("repeated")
def test_a_dry_run_of_a_release_changes_nothing(cloud: Cloud, context: Any) -> None:
    before = cloud.rows("parked") + cloud.rows("claims")

    assert order(context, "release", REPEAT.ingest_id, dry_run=True)["result"] == "RELEASED"
    assert order(context, "discard", REPEAT.ingest_id, dry_run=True)["result"] == "DISCARDED"
    assert cloud.rows("parked") + cloud.rows("claims") == before
    assert cloud.bus.entries == []


@pytest.mark.usefixtures("repeated")
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_refuses_what_is_booked_as_the_release_does(
    cloud: Cloud, context: Any, dry_run: bool
) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")

    answer = order(context, "release", REPEAT.ingest_id, dry_run=dry_run)

    assert (answer["result"], answer["code"]) == ("REFUSED", "ALREADY_BOOKED")
    distinct = order(context, "release", REPEAT.ingest_id, as_distinct=True, dry_run=True)
    assert distinct["result"] == "RELEASED"


@pytest.mark.usefixtures("repeated")
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_refuses_a_claim_that_moved_as_the_release_does(
    cloud: Cloud, context: Any, dry_run: bool
) -> None:
    claim = cloud.row("claims", msg_id=REPEAT.msg_id)
    cloud.put("claims", **claim | {"owner": "ing_third"})

    answer = order(context, "release", REPEAT.ingest_id, dry_run=dry_run)

    assert (answer["result"], answer["code"]) == ("REFUSED", "CHANGED_MEANWHILE")


@pytest.mark.usefixtures("suspended")
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_knows_what_a_resolved_booking_has_become(context: Any, dry_run: bool) -> None:
    opened()
    order(context, "return", HELD.ingest_id)

    assert order(context, "return", HELD.ingest_id, dry_run=dry_run)["already"] is True
    released = order(context, "release", HELD.ingest_id, dry_run=dry_run)
    assert released["code"] == "ALREADY_RESOLVED"


@pytest.mark.usefixtures("repeated")
def test_a_record_is_released_after_its_inbox_row_has_expired(cloud: Cloud, context: Any) -> None:
    cloud.dynamodb.tables["inbox"].items.clear()

    assert order(context, "release", REPEAT.ingest_id)["result"] == "RELEASED"
    assert cloud.bus.details[0]["data"]["cain"]["TxAmts"]["Amt"] == "123.45"


def test_a_repeat_that_post_has_parked_is_released_after_its_inbox_row_has_expired(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    late = bus_event(AGAIN.decided(TransactionPostingApproved), NOON)
    assert given.post_one(late) == []

    answer = order(context, "release", REPEAT.ingest_id, as_distinct=True)

    assert (answer["result"], answer["sent"]) == ("RELEASED", True)
    assert cloud.bus.details[0]["meta"]["business_time"] == RECORD.business_time


# --- refusals


@pytest.mark.parametrize("action", ["release", "return"])
def test_an_id_that_was_never_given_is_not_found(context: Any, action: str) -> None:
    assert order(context, action, "ing_nobody")["code"] == "NOT_FOUND"


def test_an_invalid_record_is_resubmitted_not_released(cloud: Cloud, context: Any) -> None:
    cloud.put("parked", ingest_id="ing_bad", state="PARKED", reason="INVALID", history=[])

    assert order(context, "release", "ing_bad")["code"] == "INVALID"


def test_a_booked_record_is_not_released(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")

    for action in ("release", "return"):
        assert order(context, action, RECORD.ingest_id)["code"] == "ALREADY_BOOKED"


@pytest.mark.parametrize("action", ["release", "discard"])
def test_a_record_in_flight_is_nothing_to_decide_on(
    cloud: Cloud, context: Any, action: str
) -> None:
    given.received(cloud, FOREIGN_PURCHASE)

    assert order(context, action, RECORD.ingest_id)["code"] == "NOT_PARKED"


def test_only_a_suspense_booking_is_returned(cloud: Cloud, context: Any) -> None:
    given.received(cloud, FOREIGN_PURCHASE)

    assert order(context, "return", RECORD.ingest_id)["code"] == "NOT_IN_SUSPENSE"
