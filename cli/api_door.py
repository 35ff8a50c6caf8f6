"""The REST API: signed requests, each sent again with its own key until it is answered."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from cli.errors import UserError
from cli.submission import Line, Request
from cli.system import System

# The pauses are 34 seconds on average: a request whose reply was lost is in progress for 28.
ATTEMPTS = 8
# The API answers within 29 seconds or gives up itself.
_ANSWER_SECONDS = 35
_AT_ONCE = 4
_SLOWEST_PAUSE = 10.0
_AGAIN = {409, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the API said of one line. `ingest_id` is empty when the line was not taken at all."""

    line: Line
    status: str
    ingest_id: str = ""
    msg_id: str | None = None
    original: str | None = None
    errors: tuple[dict[str, Any], ...] = field(default=())


class ApiDoor:
    """Raises UserError where no request can succeed: credentials, permission, no answer at all."""

    def __init__(self, system: System, pause: Callable[[float], object] | None = None) -> None:
        # Set when nobody waits for the rest any more: then nothing is sent again.
        self._ending = threading.Event()
        self._pause = pause or self._ending.wait
        self._url = messages_url(system.output("ApiUrl"), system.url)
        self._system = system
        self._key = api_key(system)
        self._http = URLLib3Session(timeout=_ANSWER_SECONDS, max_pool_connections=_AT_ONCE)

    def submit(self, requests: Iterator[Request], submission_id: str) -> Iterator[list[Receipt]]:
        """The receipts of each request, in order; a few requests are under way at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                yield from pool.map(
                    lambda request: self._receipts(request, submission_id), requests
                )
            finally:
                self._ending.set()

    def _receipts(self, request: Request, submission_id: str) -> list[Receipt]:
        status, answer = self._send(request.body, request.key(submission_id))
        if answer.get("code") == "PAUSED":
            raise UserError(
                "the API is paused ('./posting status' says by whom and why): repeat the command"
                f" with --key {submission_id} when it is resumed, nothing is received twice"
            )
        if status == 202:
            return [
                _receipt(line, result)
                for line, result in zip(request.lines, answer["results"], strict=True)
            ]
        if status in {401, 403}:
            raise UserError(
                f"the API refuses this caller ({_told(answer, status)}): check its role"
            )
        return [_not_taken(line, status, answer) for line in request.lines]

    def _send(self, body: bytes, key: str) -> tuple[int, dict[str, Any]]:
        fault = ""
        for attempt in range(ATTEMPTS):
            if self._ending.is_set():
                break
            if attempt:
                self._pause(min(_SLOWEST_PAUSE, 0.5 * 2**attempt) * random.uniform(0.5, 1.0))
            try:
                answer = self._http.send(self._signed(body, key).prepare())
            except HTTPClientError as error:
                fault = type(error).__name__
                continue
            told = _json(answer.content)
            # A paused API is open again in minutes or hours, not within our attempts.
            if answer.status_code not in _AGAIN or told.get("code") == "PAUSED":
                return answer.status_code, told
            fault = f"HTTP {answer.status_code}"
        raise UserError(
            f"the API gave no answer in {ATTEMPTS} attempts ({fault}): repeat the command with"
            f" --key {key.rpartition('-')[0]}, nothing is received twice"
        )

    def _signed(self, body: bytes, key: str) -> AWSRequest:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "x-api-key": self._key,
        }
        request = AWSRequest("POST", self._url, data=body, headers=headers)
        SigV4Auth(self._system.credentials(), "execute-api", self._system.region).add_auth(request)
        return request


def api_key(system: System) -> str:
    """The key whose usage plan this caller goes under."""
    answer = system.client("apigateway").get_api_key(
        apiKey=system.output("ApiKeyId"), includeValue=True
    )
    return str(answer["value"])


def messages_url(api_url: str, endpoint: str | None) -> str:
    """Where to post. An endpoint of one's own has no name per API, so the path names the API."""
    if endpoint is None:
        return f"{api_url}/v1/messages"
    parts = urlsplit(api_url)
    api_id = (parts.hostname or "").split(".")[0]
    stage = parts.path.strip("/")
    return f"{endpoint}/restapis/{api_id}/{stage}/_user_request_/v1/messages"


def _json(content: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError):
        return {}


def _told(answer: dict[str, Any], status: int) -> str:
    """What a refusal says for people: problem details, or whoever answered in the API's place."""
    return str(answer.get("detail") or answer.get("message") or f"the API answered {status}")


def _receipt(line: Line, result: dict[str, Any]) -> Receipt:
    return Receipt(
        line=line,
        status=result["status"],
        ingest_id=result["ingest_id"],
        msg_id=result.get("msg_id"),
        original=result.get("original"),
        errors=tuple(result.get("errors", ())),
    )


def _not_taken(line: Line, status: int, answer: dict[str, Any]) -> Receipt:
    """A request that is refused as a whole: its lines are told so, the other requests go on."""
    remedy = {
        413: "shorten the message: the API takes a million bytes",
        422: "leave --key out: it was used for other messages before",
    }.get(status, "look at the message, and at the API's log")
    code = answer.get("code", f"HTTP_{status}")
    error = {
        "element": "message",
        "offset": "0",
        "code": code,
        "message": _told(answer, status),
        "remedy": remedy,
    }
    return Receipt(line=line, status="NOT_TAKEN", errors=(error,))
