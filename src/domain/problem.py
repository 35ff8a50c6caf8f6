"""Faults of requests as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str, parameter: str | None = None) -> dict[str, Any]:
    """`code` is for programs, `detail` for people; `parameter` is the one to change."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return body | ({"parameter": parameter} if parameter else {})
