"""Looking for card numbers where none may be: in any form that known numbers can take."""

import base64
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HASHES = ("md5", "sha1", "sha256", "sha512")
# Forms that are no text.
BINARY = frozenset(f"{name} as bytes" for name in HASHES)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Leak:
    """`form` says how the number stands there; the number itself is named by its last digits."""

    place: str
    form: str
    last4: str


class Scanner:
    """Knows every form of some card numbers. A hash counts when it has no key."""

    def __init__(self, card_numbers: Iterable[str], names: Iterable[str] | None = None) -> None:
        """`names`: look for these forms only; more numbers are then affordable."""
        wanted = None if names is None else set(names)
        self._needles = [
            (needle, form, number[-4:])
            for number in sorted(set(card_numbers))
            for form, needle in forms(number)
            if wanted is None or form in wanted
        ]

    def leaks_in(self, content: bytes, place: str) -> list[Leak]:
        """What stands in the content, unpacked where it is compressed."""
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        return [
            Leak(place, form, last4) for needle, form, last4 in self._needles if needle in content
        ]

    def leaks_in_file(self, path: Path) -> list[Leak]:
        return self.leaks_in(path.read_bytes(), str(path))


def forms(number: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each form of one card number."""
    raw = number.encode()
    yield "plain", raw
    for name, mark in (("spaced", " "), ("dashed", "-")):
        yield name, mark.join(_groups(number)).encode()
    yield "reversed", raw[::-1]
    # Digits have no letters in hex: one case is both.
    yield "hex", raw.hex().encode()
    for start in range(3):
        yield f"base64 at {start}", _base64_inside(raw, start)
    for name in HASHES:
        digest = hashlib.new(name, raw, usedforsecurity=False).digest()
        yield f"{name} in hex", digest.hex().encode()
        yield f"{name} in HEX", digest.hex().upper().encode()
        yield f"{name} in base64", base64.b64encode(digest).rstrip(b"=")
        yield f"{name} in base64 for addresses", base64.urlsafe_b64encode(digest).rstrip(b"=")
        yield f"{name} as bytes", digest


def _groups(number: str) -> list[str]:
    """As they stand on the card: four times four, or 4-6-5."""
    if len(number) == 15:
        return [number[:4], number[4:10], number[10:]]
    return [number[start : start + 4] for start in range(0, len(number), 4)]


def _base64_inside(raw: bytes, start: int) -> bytes:
    """What base64 makes of the number when it begins at this place of a group of three bytes,
    without the characters that depend on what stands before and after it.
    """
    encoded = base64.b64encode(bytes(start) + raw)
    first = -(-start * 8 // 6)
    last = (start + len(raw)) * 8 // 6
    return encoded[first:last]
