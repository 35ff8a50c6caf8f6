"""The query API on the engine: the deployed routes, under their own roles, by signed requests."""

import json
from typing import Any

import jsonschema
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from cli.api_door import api_key, messages_url
from samples.make_openapi import TARGET
from tests.engine.live import Stack
from tests.engine.messages import changed, purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

DOCUMENT: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))


def ask(
    stack: Stack, method: str, path: str, body: Any = None, *, key: bool = True
) -> tuple[int, str, Any]:
    """Status, content type and body of the answer to a signed request."""
    api = messages_url(stack.system.output("ApiUrl"), stack.system.url)
    headers = {"x-api-key": api_key(stack.system)} if key else {}
    content = None if body is None else json.dumps(body).encode()
    url = api.removesuffix("/v1/messages") + path
    request = AWSRequest(method, url, data=content, headers=headers)
    signer = SigV4Auth(Credentials("test", "test"), "execute-api", stack.system.region)
    signer.add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.headers["Content-Type"], json.loads(answer.content)


def told(stack: Stack, path: str, schema: str) -> Any:
    """The body of a good answer, which is as the document says."""
    status, _, body = ask(stack, "GET", path)
    assert status == 200, body
    ref = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(ref).validate(body)
    return body


def test_the_api_serves_the_document_of_the_repository(stack: Stack) -> None:
    status, kind, body = ask(stack, "GET", "/v1/openapi.json")

    assert (status, kind, body) == (200, "application/json", DOCUMENT)


def test_a_repeat_is_listed_and_discarded_over_the_api(stack: Stack) -> None:
    message = purchase(stack.holder().card_number, 4_500)
    stack.post(message)
    (repeat,) = stack.post(message)

    listed = told(stack, "/v1/parked?reason=DUPLICATE&state=PARKED", "ParkedPage")
    one = told(stack, f"/v1/parked/{repeat.ingest_id}", "ParkedItem")
    order = {"by": "operator@example.com", "note": "a repeat"}
    done = ask(stack, "POST", f"/v1/parked/{repeat.ingest_id}/discard", order)
    again = ask(stack, "POST", f"/v1/parked/{repeat.ingest_id}/discard", order)

    assert repeat.ingest_id in {item["ingest_id"] for item in listed["items"]}
    assert one["reason"] == "DUPLICATE"
    assert (done[0], done[2]["result"]) == (200, "DISCARDED")
    assert (again[0], again[1], again[2]["code"]) == (
        409,
        "application/problem+json",
        "NOT_PARKED",
    )
    entry = told(stack, f"/v1/parked/{repeat.ingest_id}", "ParkedItem")["history"][-1]
    assert entry["by"] == order["by"]
    assert entry["principal"]


def test_open_suspense_is_returned_over_the_api(stack: Stack) -> None:
    holder = stack.holder(status="HOLD_DEBIT")
    (held,) = stack.post(purchase(holder.card_number, 4_500))
    assert held.kind == "SUSPENDED"

    before = told(stack, "/v1/suspense", "SuspensePage")
    order = {"by": "operator@example.com"}
    status, _, done = ask(stack, "POST", f"/v1/parked/{held.ingest_id}/return", order)
    after = told(stack, "/v1/suspense", "SuspensePage")
    story = told(stack, f"/v1/messages/{held.ingest_id}", "RecordStory")

    assert held.ingest_id in {item["ingest_id"] for item in before["items"]}
    assert (status, done["result"]) == (200, "RETURN")
    assert held.ingest_id not in {item["ingest_id"] for item in after["items"]}
    assert story["resolved_by"]["by"] == order["by"]


def test_the_trial_balance_comes_in_pages(stack: Stack) -> None:
    accounts, token = [], ""
    while True:
        page = told(stack, f"/v1/trial-balance?limit=3{token}", "TrialBalancePage")
        accounts += [(line["account"], line["currency"]) for line in page["accounts"]]
        if "next" not in page:
            break
        token = f"&next={page['next']}"

    assert page["complete"]
    assert len(accounts) == len(set(accounts)) > 3


@pytest.mark.parametrize(
    ("path", "named"),
    [("/v1/parked?limit=0", "limit"), ("/v1/parked/nobody", "ingest_id")],
)
def test_bad_input_is_a_problem_that_names_it(stack: Stack, path: str, named: str) -> None:
    status, kind, body = ask(stack, "GET", path)

    assert (status, kind, body["parameter"]) == (400, "application/problem+json", named)


def test_a_signed_request_without_a_key_is_refused_before_it_reaches_a_function(
    stack: Stack,
) -> None:
    """As a problem on AWS only: the engine does not read the gateway responses of a definition."""
    status, _, _ = ask(stack, "GET", "/v1/parked", key=False)

    assert status == 403


def test_a_changed_message_is_named_a_conflict_by_its_story(stack: Stack) -> None:
    message = purchase(stack.holder().card_number, 4_500)
    stack.post(message)
    (rival,) = stack.post(changed(message, de4="000000004600"))

    story = told(stack, f"/v1/messages/{rival.ingest_id}", "RecordStory")

    assert (story["outcome"], story["parked"]["state"]) == ("CONFLICT", "PARKED")
    assert [each["field"] for each in story["parked"]["differing"]] == ["DE4"]
