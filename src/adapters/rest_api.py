"""The REST API's side of a function: what a request says, and what an answer looks like."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import Contradiction, Refused, Unavailable
from domain.problem import KINDS, PROBLEM_TYPE, problem
from domain.query_parameters import BadParameter

type Request = Mapping[str, Any]
type Answer = dict[str, Any]


class BadBody(Refused):
    """The body cannot be taken as it is; `field` is the one to change, empty for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__("BAD_BODY", message)
        self.field = field


def answer(status: int, body: Any, **headers: str) -> Answer:
    """JSON; `body` is a struct or plain values."""
    return _answer(status, msgspec.json.encode(body).decode(), "application/json", headers)


def refusal(
    status: int,
    code: str,
    detail: str,
    *,
    parameter: str | None = None,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Problem details."""
    body = json.dumps(problem(status, code, detail, parameter=parameter, field=field))
    return _answer(status, body, PROBLEM_TYPE, headers or {})


def refusal_of(error: Refused | Unavailable) -> Answer:
    """The problem that a failure is to the caller."""
    match error:
        case BadParameter():
            return refusal(400, error.code, error.message, parameter=error.parameter)
        case BadBody():
            return refusal(400, error.code, error.message, field=error.field)
        case Contradiction():
            return refusal(500, "CONTRADICTION", error.message)
        case Refused():
            return refusal(KINDS[error.code].status, error.code, error.message)
        case _:
            return refusal(503, "UNAVAILABLE", "send the same request again")


def parameters_of(request: Request) -> dict[str, str]:
    """The query string. Raises BadParameter where one is given twice."""
    for name, values in (request.get("multiValueQueryStringParameters") or {}).items():
        if len(values) > 1:
            raise BadParameter(name, "given more than once: send it once")
    return request.get("queryStringParameters") or {}


def body_of(request: Request) -> bytes:
    """Raises BadBody for one that was promised in base64 and is not."""
    text = request.get("body") or ""
    try:
        return base64.b64decode(text) if request.get("isBase64Encoded") else text.encode()
    except ValueError:
        raise BadBody("", "not readable: send JSON in UTF-8") from None


def read_body[Body: msgspec.Struct](request: Request, body: type[Body]) -> Body:
    """The body as its type says. Raises BadBody for what is not, unknown fields included."""
    try:
        return msgspec.json.decode(body_of(request), type=body)
    except msgspec.ValidationError as error:
        told, _, path = str(error).partition(" - at `$.")
        raise BadBody(path.rstrip("`"), told) from None
    except (msgspec.DecodeError, UnicodeError):
        raise BadBody("", "not readable: send one JSON object in UTF-8") from None


def header_of(request: Request, name: str) -> str | None:
    """A header by its name in lower case."""
    headers = request.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)


def principal_of(request: Request) -> str:
    """Who signed the request, with the session: the ARN that IAM knows."""
    signed = request["requestContext"]["identity"]
    return str(signed.get("userArn") or signed.get("apiKeyId") or "")


def _answer(status: int, body: str, kind: str, headers: Mapping[str, str]) -> Answer:
    return {"statusCode": status, "headers": {"Content-Type": kind, **headers}, "body": body}
