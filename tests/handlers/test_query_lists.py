"""Query: what waits for a person, and the trial balance, in pages that lead on."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters import listing
from domain.events import TransactionPostingSuspended
from handlers import fold, query, release
from samples.envelopes import api_request, bus_event
from samples.event_story import BLOCKED_PURCHASE, CALLER, FOREIGN_PURCHASE
from tests.fakes.cloud import NOON, Cloud
from tests.handlers import given

PARKED, SUSPENSE, TRIAL_BALANCE = "/v1/parked", "/v1/suspense", "/v1/trial-balance"


def ask(context: Any, resource: str, /, **parameters: str) -> tuple[int, dict[str, Any]]:
    event = api_request("GET", resource, CALLER)
    event["queryStringParameters"] = parameters or None
    answer = query.handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def pages(context: Any, resource: str, **parameters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or "next" in found[-1]:
        later = {"next": found[-1]["next"]} if found else {}
        status, told = ask(context, resource, **parameters, **later)
        assert status == 200, told
        found.append(told)
    return found


def parked_rows(cloud: Cloud, *reasons: str, days: int = 1, **more: Any) -> list[str]:
    """A row of each reason on each of the last days; their ids, the latest day first."""
    ids = []
    for back in range(days):
        day = (NOON - timedelta(days=back)).date()
        for reason in reasons:
            ingest_id = f"ing_{reason.lower()}{back}"
            row = {"state": "PARKED", "code": "BECAUSE", "history": [], **more}
            key = {"ingest_id": ingest_id, "reason_day": f"{reason}#{day}"}
            cloud.put("parked", **key, reason=reason, parked_at=f"{day}T10:00:00Z", **row)
            ids.append(ingest_id)
    return ids


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return [item["ingest_id"] for page in found for item in page["items"]]


def test_parked_records_are_listed_by_day_and_reason(cloud: Cloud, context: Any) -> None:
    ids = parked_rows(cloud, "INVALID", "DUPLICATE", days=3)

    assert ids_of(pages(context, PARKED)) == ids
    assert ids_of(pages(context, PARKED, reason="DUPLICATE")) == ids[1::2]
    day = {"from": "2026-11-19", "to": "2026-11-20"}
    assert ids_of(pages(context, PARKED, **day)) == ids[2:4]


def test_a_list_asks_for_a_state_and_a_code(cloud: Cloud, context: Any) -> None:
    parked_rows(cloud, "REJECTED", code="DECLINED")
    parked_rows(cloud, "DUPLICATE", state="RELEASED")

    assert ids_of(pages(context, PARKED, state="RELEASED")) == ["ing_duplicate0"]
    assert ids_of(pages(context, PARKED, code="DECLINED")) == ["ing_rejected0"]


@pytest.mark.parametrize("limit", ["1", "2", "3", "5", "6", "7"])
def test_pages_of_any_size_tell_each_record_once(cloud: Cloud, context: Any, limit: str) -> None:
    ids = parked_rows(cloud, "INVALID", "CONFLICT", days=3)

    found = pages(context, PARKED, limit=limit)

    assert ids_of(found) == ids
    assert all(len(page["items"]) <= int(limit) for page in found)


def test_a_page_that_would_take_too_long_is_shorter_and_leads_on(
    cloud: Cloud, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = parked_rows(cloud, "INVALID", "FAILED", days=4, state="DISCARDED")
    monkeypatch.setattr(listing, "_PARTITIONS_MAX", 3)
    monkeypatch.setattr(listing, "_ROWS_MAX", 2)

    found = pages(context, PARKED)

    assert ids_of(found) == ids
    assert len(found) > len(ids) / 2
    assert ids_of(pages(context, PARKED, state="PARKED")) == []


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"reason": "BORING"}, "reason"),
        ({"state": "ASLEEP"}, "state"),
        ({"code": "no spaces"}, "code"),
        ({"from": "2026-11-20", "to": "2026-11-20"}, "to"),
        ({"from": "2024-11-20", "to": "2026-11-20"}, "from"),
        ({"to": "0001-01-01"}, "to"),
        ({"limit": "0"}, "limit"),
        ({"next": "W10"}, "next"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_fault_in_a_question_for_a_list_names_its_parameter(
    context: Any, parameters: dict[str, str], named: str
) -> None:
    status, told = ask(context, PARKED, **parameters)

    assert (status, told["code"], told["parameter"]) == (400, "BAD_PARAMETER", named)
    assert told["type"] == "urn:problem-type:posting:bad-parameter"


def test_a_token_leads_on_in_its_own_list_only(cloud: Cloud, context: Any) -> None:
    parked_rows(cloud, "INVALID", days=3)
    _, first = ask(context, PARKED, limit="1")

    status, told = ask(context, PARKED, limit="1", reason="INVALID", next=first["next"])
    assert (status, told["parameter"]) == (400, "next")
    assert ask(context, SUSPENSE, next=first["next"])[0] == 400


def test_a_parameter_that_is_given_twice_is_refused(context: Any) -> None:
    event = api_request("GET", PARKED, CALLER)
    event["queryStringParameters"] = {"limit": "2"}
    event["multiValueQueryStringParameters"] = {"limit": ["1", "2"]}

    told = json.loads(query.handler(event, context)["body"])

    assert (told["status"], told["parameter"]) == (400, "limit")


def test_one_parked_record_tells_all_but_the_message(cloud: Cloud, context: Any) -> None:
    again = FOREIGN_PURCHASE.received
    given.admitted(cloud, FOREIGN_PURCHASE)
    row = again.to_row() | {"state": "PARKED", "reason": "DUPLICATE", "history": []}
    cloud.put("parked", **row)
    event = api_request(
        "GET", "/v1/parked/{ingest_id}", CALLER, path={"ingest_id": again.ingest_id}
    )

    answer = query.handler(event, context)

    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["reason"]) == (200, "DUPLICATE")
    assert told["amount"] == {"amount": 12345, "currency": "USD"}
    assert not {"cain", "token", "fingerprint", "content_digest"} & told.keys()


def test_a_record_that_was_never_parked_is_not_found(context: Any) -> None:
    path = {"ingest_id": "ing_nobody"}
    answer = query.handler(api_request("GET", "/v1/parked/{ingest_id}", CALLER, path=path), context)

    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["parameter"] == "ingest_id"


# --- suspense


def suspended(cloud: Cloud, number: int) -> str:
    """Another suspense booking; its header's id."""
    event = BLOCKED_PURCHASE.decided(TransactionPostingSuspended)
    msg_id = f"msg_{number}"
    changed = given.changed(bus_event(event, NOON), ingest_id=f"ing_{number}", msg_id=msg_id)
    changed["detail"]["data"]["purchase_id"] = f"pur_{number}"
    assert given.post_one(changed) == []
    return f"J#{msg_id}"


def test_open_suspense_is_what_was_neither_released_nor_returned(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.received(cloud, BLOCKED_PURCHASE)
    given.booked(cloud, "TransactionPostingSuspended")
    others = {suspended(cloud, number) for number in range(5)}
    day = {"from": "2026-11-19", "to": "2026-11-23"}

    before = pages(context, SUSPENSE, **day, limit="2")
    order = {"action": "return", "ingest_id": BLOCKED_PURCHASE.received.ingest_id, "by": "ops"}
    assert release.handler(order, context)["result"] == "RETURN"
    after = pages(context, SUSPENSE, **day, limit="2")

    told = {item["header_id"] for page in before for item in page["items"]}
    assert told == others | {f"J#{BLOCKED_PURCHASE.received.msg_id}"}
    assert {item["header_id"] for page in after for item in page["items"]} == others
    assert before[0]["items"][0]["totals"] == {"EUR": 4500}


# --- trial balance


def test_a_trial_balance_in_pages_comes_out_on_the_last_one(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.openings_booked(cloud)
    given.booked(cloud)
    cloud.time = datetime(2026, 11, 22, 21, 10, tzinfo=UTC)

    lagging = pages(context, TRIAL_BALANCE, limit="1")
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    folded = pages(context, TRIAL_BALANCE, limit="3")

    assert not any(page["complete"] or "next" not in page for page in folded[:-1])
    assert (folded[-1]["complete"], folded[-1]["zero"]) == (True, True)
    assert folded[-1]["unfolded_headers"] == 0
    accounts = [line["account"] for page in folded for line in page["accounts"]]
    assert len(accounts) == len(set(accounts))
    assert {"cust:A-1001", "settle:VISA:USD"} <= set(accounts)
    assert set(lagging[-1]["currencies"]) <= set(folded[-1]["currencies"])
