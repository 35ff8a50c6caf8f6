"""The engine leaves the pipes alone that the companion carries.

Once a second the engine reads again everything that a pipe's stream holds, to say that it does not
deliver to such a target.
"""

from typing import Any

from ministack.services import pipes as engine

from .expecting import expect

# What the engine delivers to itself.
DELIVERED = frozenset({"sns", "states"})

_poll = engine._poll_pipe


def mend() -> None:
    """Poll for the targets that the engine delivers to."""
    expect({engine._poll_pipe: "9af42fb9df09", engine._deliver_batch: "33830cd4580c"})
    engine._poll_pipe = poll


def poll(tables: Any, pipe: dict[str, Any], account: str) -> None:
    """Look whether a pipe has something to deliver."""
    if engine._arn_service(pipe.get("Target", "")) in DELIVERED:
        _poll(tables, pipe, account)
