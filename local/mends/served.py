"""The engine's application with every mend in place; the server runs this."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as engine

from . import (
    answers,
    conditions,
    expressions,
    permissions,
    pipes,
    replays,
    roads,
    trails,
    windows,
    workflows,
)

MENDS = (
    *(answers, conditions, expressions, permissions),
    *(pipes, roads, trails, windows, workflows),
    # After the trails, whose deliveries it may pass over too.
    replays,
)
for one in MENDS:
    one.mend()

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]


async def app(scope: dict[str, Any], receive: Receive, send: Any) -> None:
    """The engine; on its way down nothing stays gathered."""
    await engine.app(scope, _emptying(receive) if scope["type"] == "lifespan" else receive, send)


def _emptying(receive: Receive) -> Receive:
    async def received() -> Message:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            trails.trails.flush()
        return message

    return received
