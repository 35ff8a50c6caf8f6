"""The way to the API, against a server of our own that answers what a test tells it to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.credentials import Credentials

from cli.api_door import ATTEMPTS, ApiDoor, Receipt
from cli.errors import UserError
from cli.submission import Line, cut

API = "https://abc123.execute-api.us-east-1.amazonaws.com/live"


class Api:
    """Gives the answers of its list, the last one for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.keys: list[str] = []
        self.signatures: list[str] = []
        self.plans: list[str] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                api.keys.append(self.headers["Idempotency-Key"])
                api.signatures.append(self.headers["Authorization"])
                api.plans.append(self.headers["x-api-key"])
                status, body = api.answers.pop(0) if len(api.answers) > 1 else api.answers[0]
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """The test's output is the test's."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


class Stack:
    """What the door needs of a system."""

    region = "us-east-1"

    def __init__(self, url: str) -> None:
        self.url = url

    def output(self, name: str) -> str:
        return {"ApiUrl": API, "ApiKeyId": "key-1"}[name]

    def client(self, service: str) -> Any:
        assert service == "apigateway"
        return self

    def get_api_key(self, *, apiKey: str, includeValue: bool) -> Any:  # noqa: N803 - as boto3 has it
        return {"id": apiKey, "value": "plan-key" if includeValue else None}

    def credentials(self) -> Any:
        return Credentials("AKIATEST", "secret").get_frozen_credentials()


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def received(count: int = 1) -> tuple[int, dict[str, Any]]:
    results = [
        {"index": index, "status": "RECEIVED", "ingest_id": f"ing_{index}", "msg_id": "msg_1"}
        for index in range(count)
    ]
    return 202, {"results": results}


def submit(api: Api, *contents: bytes) -> list[Receipt]:
    lines = [
        Line("day.jsonl", number, content, alone=not content.startswith(b"{"))
        for number, content in enumerate(contents, start=1)
    ]
    stack: Any = Stack(api.url)
    door = ApiDoor(stack, pause=lambda _seconds: None)
    return [receipt for some in door.submit(cut(lines), "sub-1") for receipt in some]


def test_every_message_gets_its_receipt(api: Api) -> None:
    api.answers = [received(2)]

    receipts = submit(api, b"{}", b"{}")

    assert [(r.line.number, r.status, r.ingest_id) for r in receipts] == [
        (1, "RECEIVED", "ing_0"),
        (2, "RECEIVED", "ing_1"),
    ]


def test_requests_are_signed_for_the_api(api: Api) -> None:
    api.answers = [received()]

    submit(api, b"{}")

    assert "/us-east-1/execute-api/aws4_request" in api.signatures[0]
    assert "idempotency-key" in api.signatures[0]
    assert api.plans == ["plan-key"] * len(api.plans)


@pytest.mark.parametrize("status", [409, 429, 500, 503, 504])
def test_a_request_without_an_answer_is_sent_again_with_its_key(api: Api, status: int) -> None:
    api.answers = [(status, {}), (status, {}), received()]

    (receipt,) = submit(api, b"{}")

    assert receipt.status == "RECEIVED"
    assert api.keys == ["sub-1-000000"] * 3


def test_an_api_that_never_answers_is_said_with_the_way_to_repeat(api: Api) -> None:
    api.answers = [(503, {})]

    with pytest.raises(UserError, match="--key sub-1"):
        submit(api, b"{}")

    assert len(api.keys) == ATTEMPTS


def test_a_paused_api_is_said_at_once_with_the_way_to_repeat(api: Api) -> None:
    api.answers = [(503, {"code": "PAUSED", "title": "The API is paused"})]

    with pytest.raises(UserError, match=r"the API is paused .* --key sub-1 when it is resumed"):
        submit(api, b"{}")

    assert len(api.keys) == 1


def test_a_message_that_is_too_large_does_not_stop_the_others(api: Api) -> None:
    api.answers = [(413, {"code": "TOO_LARGE", "detail": "too large"}), received()]

    refused, taken = sorted(submit(api, b"[too large]", b"{}"), key=lambda r: r.status)

    assert (refused.status, taken.status) == ("NOT_TAKEN", "RECEIVED")
    assert refused.ingest_id == ""
    assert refused.errors[0]["code"] == "TOO_LARGE"
    assert refused.errors[0]["remedy"]


def test_an_invalid_message_comes_with_place_fault_and_remedy(api: Api) -> None:
    error = {
        "element": "DE4",
        "offset": "$.de.4",
        "code": "FORMAT",
        "message": "not digits",
        "remedy": "Send digits.",
    }
    result = {"index": 0, "status": "INVALID", "ingest_id": "ing_0", "errors": [error]}
    api.answers = [(202, {"results": [result]})]

    (receipt,) = submit(api, b"{}")

    assert (receipt.status, receipt.errors) == ("INVALID", (error,))


def test_a_caller_without_permission_is_told_at_once(api: Api) -> None:
    api.answers = [(403, {"message": "Missing Authentication Token"})]

    with pytest.raises(UserError, match="Missing Authentication Token"):
        submit(api, b"{}")

    assert len(api.keys) == 1
