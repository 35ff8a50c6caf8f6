"""Faults of requests as problem details (RFC 9457): what each code means, and what to do about it.

A code, its `type` and its status never change; words may. docs/api.md lists them all.
"""

from http import HTTPStatus
from typing import Any, NamedTuple

PROBLEM_TYPE = "application/problem+json"
_NAMESPACE = "urn:problem-type:posting:"


class Kind(NamedTuple):
    """`title` says what happened, `remedy` what helps."""

    status: int
    title: str
    remedy: str


_SEND_AGAIN = "Send the same request again."
_LOOK_AGAIN = "Look at the item again: GET /v1/parked/{ingest_id} or GET /v1/messages/{id}."

KINDS: dict[str, Kind] = {
    # The request.
    "BAD_PARAMETER": Kind(
        400, "A parameter is not as it has to be", "Change the parameter that is named."
    ),
    "BAD_BODY": Kind(400, "The body is not as it has to be", "Change the field that is named."),
    "BAD_REQUEST": Kind(400, "The request is not readable", "Send it as /v1/openapi.json says."),
    "NOT_FOUND": Kind(404, "There is nothing under this name", "Use an id that you were told."),
    "TOO_LARGE": Kind(413, "The request is too large", "Cut it into several requests."),
    "KEY_REUSED": Kind(
        422, "The Idempotency-Key came with another body", "Use a new key for new messages."
    ),
    # What an order about a parked record or a suspense booking meets.
    "INVALID": Kind(409, "The record is invalid", "Correct the message and submit it again."),
    "NOT_PARKED": Kind(409, "The record is not parked", _LOOK_AGAIN),
    "NOT_IN_SUSPENSE": Kind(409, "The record has no suspense booking", _LOOK_AGAIN),
    "ALREADY_BOOKED": Kind(
        409,
        "The message is booked",
        "If this is another transaction, release it with as_distinct, else discard it.",
    ),
    "ALREADY_RESOLVED": Kind(409, "The suspense booking was settled the other way", _LOOK_AGAIN),
    "CHANGED_MEANWHILE": Kind(409, "The record or its claim changed meanwhile", _LOOK_AGAIN),
    "UNKNOWN_ACCOUNT": Kind(409, "The card has no account", "Load the account first."),
    "ACCOUNT_ON_HOLD": Kind(409, "The account is on hold", "Open it first, or return the booking."),
    "ACCOUNT_CLOSED": Kind(409, "The account is closed", "Return the booking."),
    "NO_RATE": Kind(409, "There is no rate of the business date", "Load the rate first."),
    # The system.
    "IN_PROGRESS": Kind(409, "The same request is being received now", _SEND_AGAIN),
    "CONTRADICTION": Kind(
        500, "Two stored facts disagree", "Tell the operators: './posting audit' names them."
    ),
    "UNAVAILABLE": Kind(503, "A service did not answer in time", f"{_SEND_AGAIN[:-1]}, later."),
    "PAUSED": Kind(503, "The API is paused", "Send the same request again after Retry-After."),
    # What API Gateway says before a function is asked.
    "NOT_SIGNED": Kind(
        403,
        "The request has no signature, or there is no such route",
        "Sign it (SigV4, execute-api), and look at the path and the method.",
    ),
    "BAD_SIGNATURE": Kind(
        403, "The signature does not fit the request", "Sign it anew, by a right clock."
    ),
    "FORBIDDEN": Kind(
        403, "The caller may not do this", "Ask for execute-api:Invoke on this method and path."
    ),
    "BAD_API_KEY": Kind(
        403, "The API key is missing or of no plan", "Send your x-api-key with every request."
    ),
    "UNAUTHORIZED": Kind(401, "The caller is not known", "Sign the request (SigV4, execute-api)."),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "The content type is not known", "Send application/json."),
    "THROTTLED": Kind(429, "Too many requests at a time", f"{_SEND_AGAIN[:-1]}, a little later."),
    "QUOTA_EXCEEDED": Kind(
        429, "The plan's daily volume is used up", f"{_SEND_AGAIN[:-1]} tomorrow (UTC)."
    ),
    "INTERNAL": Kind(500, "Something failed in here", _SEND_AGAIN),
    "NO_ANSWER": Kind(504, "There was no answer in time", _SEND_AGAIN),
}


def problem(
    status: int,
    code: str,
    detail: str,
    parameter: str | None = None,
    field: str | None = None,
) -> dict[str, Any]:
    """`code` is for programs, `detail` for people; `parameter` or `field` of the body is the one to
    change.
    """
    known = KINDS.get(code)
    body: dict[str, Any] = {
        "type": type_of(code),
        "title": known.title if known else HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    named = {"parameter": parameter, "field": field, "remedy": known.remedy if known else None}
    return body | {name: text for name, text in named.items() if text}


def type_of(code: str) -> str:
    """NOT_FOUND -> urn:problem-type:posting:not-found. It names the kind, and leads nowhere."""
    return _NAMESPACE + code.lower().replace("_", "-")
