"""The body of a submission: one message, a list of them, or {"messages": [...]}."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain.iso8583.decode import decode_json, decode_json_bytes
from domain.iso8583.decoded import Decoded, Invalid

BYTES_MAX = 1_000_000
MESSAGES_MAX = 100


def is_too_large(body: bytes) -> bool:
    return len(body) > BYTES_MAX or len(_items(body) or [None]) > MESSAGES_MAX


def messages_of(body: bytes, received_at: datetime) -> Iterator[tuple[bytes, Decoded | Invalid]]:
    """Each message's content and what decoding made of it; a body that is no JSON is one broken
    message.
    """
    items = _items(body)
    if items is None:
        yield body, decode_json_bytes(body, network=None, received_at=received_at)
        return
    for item in items:
        content = json.dumps(item, sort_keys=True, separators=(",", ":")).encode()
        yield content, decode_json(item, network=None, received_at=received_at)


def _items(body: bytes) -> list[Any] | None:
    """The messages of a body that has several, else None."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, dict) and isinstance(parsed.get("messages"), list):
        return list(parsed["messages"])
    return parsed if isinstance(parsed, list) else None
