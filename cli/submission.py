"""What is to be submitted through the API: lines of files, cut into requests."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import UserError

# The API takes a hundred messages and a million bytes a request; the envelope needs some of them.
MESSAGES_MAX = 100
BYTES_MAX = 990_000
_OPEN, _CLOSE = b'{"messages":[', b"]}"


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `number` counts from 1. `alone`: it would break a shared body."""

    file: str
    number: int
    content: bytes
    alone: bool


@dataclass(frozen=True, slots=True)
class Request:
    """`number` makes its Idempotency-Key, so the same files give the same requests again."""

    number: int
    lines: tuple[Line, ...]

    @property
    def body(self) -> bytes:
        if self.lines[0].alone:
            return self.lines[0].content
        return _OPEN + b",".join(line.content for line in self.lines) + _CLOSE

    def key(self, submission_id: str) -> str:
        return f"{submission_id}-{self.number:06d}"


def new_submission_id() -> str:
    return f"sub-{secrets.token_hex(8)}"


def lines_of(path: Path, network: str | None) -> Iterator[Line]:
    """The messages of a .jsonl file; blank lines are none.

    `network` is given to messages that name none, as a manifest does for a batch file.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    for number, text in enumerate(raw.split(b"\n"), start=1):
        content = text.strip()
        if content:
            parsed = _parsed(content)
            if network and isinstance(parsed, dict) and "network" not in parsed:
                content = json.dumps({"network": network} | parsed).encode()
            yield Line(path.name, number, content, alone=parsed is None)


def cut(lines: Iterable[Line], most: int = MESSAGES_MAX) -> Iterator[Request]:
    """Requests of at most so many messages, within the limit of bytes. A line that is no JSON goes
    alone, so that it harms no other.
    """
    held: list[Line] = []
    number, size = 0, 0
    for line in lines:
        room = len(line.content) + 1
        if held and (line.alone or len(held) == most or size + room > BYTES_MAX):
            yield Request(number, tuple(held))
            number, held, size = number + 1, [], 0
        if line.alone:
            yield Request(number, (line,))
            number += 1
            continue
        held.append(line)
        size += room
    if held:
        yield Request(number, tuple(held))


def stated_network(path: Path) -> str | None:
    """The network that the file's manifest names; None without a readable one."""
    try:
        manifest = json.loads(
            path.with_name(path.name + ".manifest.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return None
    network = manifest.get("network") if isinstance(manifest, dict) else None
    return network if isinstance(network, str) else None


def _parsed(content: bytes) -> Any:
    """The value, or None for what is no JSON: null is no message either."""
    try:
        return json.loads(content)
    except (ValueError, UnicodeDecodeError):
        return None
