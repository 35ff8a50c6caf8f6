"""A call to an API goes straight to its service.

Before the engine looks at a request's service, it asks some thirty times whether the path or the
host is a special one: a console's page, a bucket's or a function's own address, a load balancer. A
call that names its operation in `x-amz-target`, at the root of the engine's own address, is none.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as engine

from .expecting import expect

OWN_ADDRESS = re.compile(r"(127\.0\.0\.1|localhost):\d+")

Special = Callable[..., Awaitable[Any]]


def mend() -> None:
    """Ask the special roads only when it may be one of them."""
    expect(
        {
            engine.app: "ab1297bd6cd5",
            engine._handle_pre_body_request: "827a7ae1d526",
            engine._handle_post_body_shortcuts: "950ae5cb53a4",
            engine._handle_special_data_plane_request: "011e0dfba6d8",
        }
    )
    engine._handle_pre_body_request = headers_third(engine._handle_pre_body_request)
    engine._handle_post_body_shortcuts = headers_third(engine._handle_post_body_shortcuts)
    engine._handle_special_data_plane_request = headers_third(
        engine._handle_special_data_plane_request
    )


def headers_third(special: Special) -> Special:
    """`special` for every request but a plain call; method, path and headers come first."""

    async def ask(method: str, path: str, headers: dict[str, str], *rest: Any, **named: Any) -> Any:
        if is_plain_call(method, path, headers):
            return None
        return await special(method, path, headers, *rest, **named)

    return ask


def is_plain_call(method: str, path: str, headers: dict[str, str]) -> bool:
    """Whether the request is a call of a JSON API at the engine's own address."""
    return (
        method == "POST"
        and path == "/"
        and "x-amz-target" in headers
        and OWN_ADDRESS.fullmatch(headers.get("host", "")) is not None
    )
