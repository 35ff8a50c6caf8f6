"""Requests and responses on the whole system: the response alone counts, whichever comes first."""

from typing import Any

import pytest

from cli import explain
from cli.outcomes import Outcome
from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import Message, changed, purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]


def pair_of(holder: Holder, minor: int) -> tuple[Message, Message]:
    response = purchase(holder.card_number, minor)
    asked = {name: text for name, text in response["de"].items() if name not in {"38", "39"}}
    return response | {"mti": "0200", "de": asked}, response


@pytest.mark.parametrize("turned", [False, True], ids=["request first", "response first"])
def test_the_response_alone_is_booked_and_answers_its_request(stack: Stack, turned: bool) -> None:
    holder = stack.holder()
    pair = pair_of(holder, 2_450)

    outcomes = [stack.post(each)[0] for each in (reversed(pair) if turned else pair)]

    request, response = reversed(outcomes) if turned else outcomes
    eventually(lambda: stack.outcome(request.ingest_id).kind == "ANSWERED")
    assert (response.kind, response.why) == ("POSTED", "CLEAR")
    assert stack.outcome(request.ingest_id).original == response.ingest_id
    assert stack.balance(holder.account)["posted_d"] == 2_450
    assert stack.ear.heard(ingest_id=request.ingest_id) == []
    (again,) = stack.post(changed(pair[0], mti="0201"))
    assert (again.kind, again.original) == ("DUPLICATE", request.ingest_id)


def test_a_request_whose_time_is_over_is_rejected_and_its_response_posts_all_the_same(
    stack: Stack,
) -> None:
    holder = stack.holder()
    asked, answer = pair_of(holder, 1_980)
    (request,) = stack.post(asked)
    assert (request.kind, request.why) == ("WAITING", "NO_RESPONSE")
    end_its_time(stack, request.ingest_id)

    ended = stack.invoke("Timers")

    assert request.ingest_id in ended["unanswered"]
    eventually(lambda: stack.outcome(request.ingest_id).kind == "REJECTED")
    assert stack.outcome(request.ingest_id).why == "REQUEST_WITHOUT_RESPONSE"
    stack.ear.first(detail_type="TransactionRejected", ingest_id=request.ingest_id)

    (response,) = stack.post(answer)

    assert (response.kind, response.why) == ("POSTED", "CLEAR")
    assert stack.outcome(request.ingest_id).kind == "REJECTED"
    assert explained(stack, request)["response"]["header_id"] == response.header_id
    assert explained(stack, response)["request"]["ingest_id"] == request.ingest_id


def explained(stack: Stack, outcome: Outcome) -> dict[str, Any]:
    return explain.read(stack.system, outcome.ingest_id, events=False)


def end_its_time(stack: Stack, ingest_id: str) -> None:
    """A quarter of an hour in no time."""
    key: Any = {"ingest_id": {"S": ingest_id}}
    stack.client("dynamodb").update_item(
        TableName=stack.system.table("Parked"),
        Key=key,
        UpdateExpression="SET due_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-11-20T00:00:00Z"}},
    )
