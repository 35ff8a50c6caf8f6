"""Read one ISO 8583:1987 message in ASCII, also written as hex digits."""

import re
from collections.abc import Iterator

import iso8583

from domain.iso8583.decoded import Problem
from domain.iso8583.elements import ELEMENTS, LIBRARY_SPEC
from domain.iso8583.problems import problem
from domain.iso8583.raw import RawMessage

_MTI_END, _BITMAP_SIZE = 4, 16
_HEX_BITMAP = re.compile(rb"[0-9A-Fa-f]{16}")
_NOT_ASCII = re.compile(rb"[^\x20-\x7e]")
_BITMAPS = ("p", "1")
_ORIGIN = "0"


def unhex(text: bytes) -> bytes | None:
    """The bytes that an even number of hex digits stand for, or None."""
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", text) is None:
        return None
    return bytes.fromhex(text.decode("ascii"))


def read_binary(raw: bytes, network: str | None) -> RawMessage:
    """`network` comes from beside the message: ISO 8583 itself does not name it."""
    before = tuple(_unreadable(raw))
    if before:
        mti = raw[:_MTI_END].decode("ascii") if raw[:_MTI_END].isdigit() else None
        return RawMessage(network, mti, {}, frozenset(range(2, 129)), {}, before, _ORIGIN)
    try:
        texts, encoded = iso8583.decode(raw, LIBRARY_SPEC)
        broken = None
    except iso8583.DecodeError as error:
        texts, encoded, broken = error.doc_dec, error.doc_enc, error
    offsets = _offsets(encoded)
    problems = [*_bad_prefixes(encoded, offsets), *([_explain(broken)] if broken else [])]
    # After the last element all texts are whole; before it, the element that broke has none.
    unread = broken.field if broken and not broken.msg.startswith("Extra data") else None
    return RawMessage(
        network=network,
        mti=texts.get("t"),
        texts={int(n): t for n, t in texts.items() if n.isdigit() and n not in ("1", unread)},
        announced=_announced(raw),
        offsets={0: "0", **{number: str(offset) for number, offset in offsets.items()}},
        problems=tuple(problems),
        origin=_ORIGIN,
    )


def _unreadable(raw: bytes) -> Iterator[Problem]:
    """What makes it pointless to look at the elements."""
    if not raw:
        yield problem("EMPTY", "message", "0", "the message is empty")
        return
    foreign = _NOT_ASCII.search(raw)
    if foreign:
        yield problem("NOT_ASCII", "message", str(foreign.start()), "not printable ASCII")
    if len(raw) < _MTI_END + _BITMAP_SIZE:
        yield problem("TRUNCATED", "message", str(len(raw)), "ends before its bitmap does")
        return
    yield from _bad_bitmaps(raw)


def _bad_bitmaps(raw: bytes) -> Iterator[Problem]:
    """The library accepts blanks inside a bitmap and knows no element above 128."""
    start = _MTI_END
    for title, tertiary in (("primary", False), ("secondary", True)):
        digits = raw[start : start + _BITMAP_SIZE]
        if _HEX_BITMAP.fullmatch(digits) is None:
            yield problem("BITMAP", "bitmap", str(start), f"{title} bitmap: not 16 hex digits")
            return
        if not int(digits[:1], 16) & 8:
            return
        if tertiary:
            yield problem("BITMAP", "bitmap", str(start), "a third bitmap is announced")
        start += _BITMAP_SIZE


def _announced(raw: bytes) -> frozenset[int]:
    size = 2 * _BITMAP_SIZE if int(raw[_MTI_END : _MTI_END + 1], 16) & 8 else _BITMAP_SIZE
    bits = int(raw[_MTI_END : _MTI_END + size], 16)
    width = size * 4
    return frozenset(n for n in range(2, width + 1) if bits >> (width - n) & 1)


def _offsets(encoded: dict[str, dict[str, bytes]]) -> dict[int, int]:
    """Where each element starts: the library keeps the elements in the order of the message."""
    offsets, position = {}, 0
    for name, parts in encoded.items():
        if name.isdigit() and name not in _BITMAPS:
            offsets[int(name)] = position
        position += len(parts["len"]) + len(parts["data"])
    return offsets


def _bad_prefixes(
    encoded: dict[str, dict[str, bytes]], offsets: dict[int, int]
) -> Iterator[Problem]:
    """The library reads "+5" and " 5" as a length of five."""
    for number, offset in offsets.items():
        prefix = encoded[str(number)]["len"]
        if prefix and not prefix.isdigit():
            message = "the length prefix is not a number"
            yield problem("LENGTH", ELEMENTS[number].name, str(offset), message)


def _explain(error: iso8583.DecodeError) -> Problem:
    element = f"DE{error.field}" if error.field.isdigit() and error.field != "1" else "bitmap"
    offset = str(error.pos)
    if error.msg.startswith("Extra data"):
        return problem("TRAILING_BYTES", "message", offset, "bytes are left after the last element")
    if "larger than maximum" in error.msg:
        return problem("LENGTH", element, offset, "the length prefix exceeds the greatest length")
    if "length" in error.msg and "Failed" in error.msg:
        return problem("LENGTH", element, offset, "the length prefix is not a number")
    return problem("TRUNCATED", element, offset, "the message ends inside this element")
