"""A request and its response, from the first pipe to the ledger, by the deployed functions."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.doors import POSTING
from domain.errors import Unavailable
from handlers import deduplicate, doors, enrich, query, release, sweep, timers
from samples.envelopes import api_request
from samples.event_story import CALLER, FOREIGN_PURCHASE, Story
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, crash_in
from tests.handlers import given
from tests.rules_machine import RulesMachine

RESPONSE = FOREIGN_PURCHASE
_ASKED = {name: text for name, text in RESPONSE.line.de.items() if name not in {"38", "39"}}
REQUEST = replace(
    RESPONSE, line=replace(RESPONSE.line, mti="0200", de=_ASKED), request_key="request"
)
ASKED, ANSWER = REQUEST.received.ingest_id, RESPONSE.received.ingest_id


@pytest.fixture(autouse=True)
def reference(cloud: Cloud) -> None:
    given.reference(cloud)
    given.openings_booked(cloud)
    cloud.time = RESPONSE.received_at


def admitted(cloud: Cloud, *stories: Story) -> list[str]:
    """Records that go on."""
    return [detail["data"]["ingest_id"] for detail in given.admitted(cloud, *stories)]


def later(cloud: Cloud, minutes: int) -> None:
    cloud.time = RESPONSE.received_at + timedelta(minutes=minutes)


def carried(cloud: Cloud) -> None:
    """What lies on the bus of the first step goes to the rules."""
    (said,) = [each for each in cloud.bus.entries if each["DetailType"] == "TransactionAuthorized"]
    event = {"detail-type": "TransactionAuthorized", "detail": json.loads(said["Detail"])}
    before = len(cloud.bus.entries)
    records = {"Records": [{"messageId": "1", "body": json.dumps(event)}]}
    assert enrich.handler(records, given.CONTEXT) == {"batchItemFailures": []}
    enriched = json.loads(cloud.bus.entries[before]["Detail"])
    RulesMachine(cloud, "LIVE").run({"detail": enriched})


def told(context: Any, ingest_id: str) -> dict[str, Any]:
    event = api_request("GET", "/v1/messages/{id}", CALLER, path={"id": ingest_id})
    return dict(json.loads(query.handler(event, context)["body"]))


def test_the_response_alone_goes_on(cloud: Cloud) -> None:
    assert admitted(cloud, REQUEST, RESPONSE) == [ANSWER]
    assert cloud.row("parked", ingest_id=ASKED)["response"] == ANSWER


def test_what_is_told_of_either_shows_the_other(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST, RESPONSE)
    given.booked(cloud, "TransactionPostingApproved")

    request, response = told(context, ASKED), told(context, ANSWER)

    assert (request["outcome"], response["outcome"]) == ("ANSWERED", "POSTED")
    assert request["response"] == {
        "ingest_id": ANSWER,
        "msg_id": response["msg_id"],
        "outcome": "POSTED",
        "header_id": response["booking"]["header_id"],
    }
    assert response["request"]["ingest_id"] == ASKED
    assert request["parked"]["state"] == "RESOLVED"


def test_a_request_that_waits_says_until_when(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)

    found = told(context, ASKED)

    assert (found["outcome"], found["parked"]["code"]) == ("PENDING_MATCH", "NO_RESPONSE")
    assert found["parked"]["due_at"] == "2026-11-20T00:19:07Z"
    assert "response" not in found


def test_a_request_whose_time_is_over_is_rejected_and_told(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    later(cloud, 16)

    ended = timers.handler({}, context)
    carried(cloud)

    assert ended["unanswered"] == [ASKED]
    row = cloud.row("parked", ingest_id=ASKED)
    assert (row["state"], row["reason"]) == ("PARKED", "REJECTED")
    assert row["code"] == "REQUEST_WITHOUT_RESPONSE"
    assert "due_shard" not in row
    assert [each["state"] for each in row["history"]] == ["RELEASED", "RELEASED"]
    assert cloud.bus.entries[-1]["DetailType"] == "TransactionRejected"
    later(cloud, 60)
    assert timers.handler({}, context)["unanswered"] == []


def test_a_response_after_that_goes_on_and_is_linked(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    later(cloud, 16)
    timers.handler({}, context)
    carried(cloud)

    assert admitted(cloud, RESPONSE) == [ANSWER]

    assert told(context, ASKED)["outcome"] == "REJECTED"
    assert told(context, ASKED)["response"]["ingest_id"] == ANSWER
    assert told(context, ANSWER)["request"]["outcome"] == "REJECTED"


def test_a_discarded_request_is_left_alone_and_its_response_goes_on(
    cloud: Cloud, context: Any
) -> None:
    admitted(cloud, REQUEST)
    order = {"action": "discard", "ingest_id": ASKED, "by": "ops", "note": "a test"}
    assert release.handler(order, context)["result"] == "DISCARDED"

    assert admitted(cloud, RESPONSE) == [ANSWER]
    later(cloud, 16)
    assert timers.handler({}, context)["unanswered"] == []
    assert cloud.row("parked", ingest_id=ASKED)["state"] == "DISCARDED"


def test_a_released_request_is_rejected_before_its_time(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    order = {"action": "release", "ingest_id": ASKED, "by": "ops", "note": "a test"}
    assert release.handler(order, context)["result"] == "RELEASED"

    carried(cloud)

    assert cloud.row("parked", ingest_id=ASKED)["code"] == "REQUEST_WITHOUT_RESPONSE"


def test_the_sweep_leaves_a_request_alone_that_waits(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    later(cloud, 40)

    assert sweep.handler({}, context)["resent"] == []
    assert cloud.bus.entries == []


def test_the_sweep_repairs_a_hand_over_that_was_lost(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    later(cloud, 40)
    cloud.bus.refused = {"TransactionAuthorized"}
    with pytest.raises(Unavailable):
        timers.handler({}, context)
    cloud.bus.refused = set()

    assert sweep.handler({}, context)["resent"] == [ASKED]


def test_a_request_that_never_reached_the_first_pipe_waits_from_the_sweep_on(
    cloud: Cloud, context: Any
) -> None:
    given.received(cloud, REQUEST)
    later(cloud, 40)

    told_by_sweep = sweep.handler({}, context)

    assert (told_by_sweep["resent"], told_by_sweep["parked"]) == ([], [ASKED])
    assert cloud.row("parked", ingest_id=ASKED)["due_at"] == "2026-11-20T00:59:07Z"


def test_requests_wait_on_while_posting_is_paused(cloud: Cloud, context: Any) -> None:
    admitted(cloud, REQUEST)
    order = {"action": "pause", "doors": [POSTING], "by": "ops", "note": "why", "dry_run": False}
    doors.handler(order, context)
    later(cloud, 16)

    assert timers.handler({}, context)["unanswered"] == []
    assert cloud.row("parked", ingest_id=ASKED)["state"] == "PARKED"


def test_a_payment_that_fails_keeps_no_request_from_its_time(
    cloud: Cloud, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_more: Any) -> Any:
        raise Unavailable("a payment moved")

    monkeypatch.setattr(timers.timers, "run", fail)
    admitted(cloud, REQUEST)
    later(cloud, 16)

    with pytest.raises(Unavailable):
        timers.handler({}, context)
    assert [each["DetailType"] for each in cloud.bus.entries] == ["TransactionAuthorized"]


def test_a_response_that_dies_before_it_is_told_is_told_by_the_repetition(
    cloud: Cloud, context: Any
) -> None:
    admitted(cloud, REQUEST)
    given.received(cloud, RESPONSE)
    record = cloud.inserts("inbox")[-1:]
    cloud.dynamodb.after = crash_in("UpdateItem")
    with pytest.raises(Crash):
        deduplicate.handler(record, context)
    assert cloud.row("parked", ingest_id=ASKED)["state"] == "PARKED"
    cloud.dynamodb.after = lambda _operation: None

    assert len(deduplicate.handler(record, context)) == 1
    assert cloud.row("parked", ingest_id=ASKED)["state"] == "RESOLVED"
