"""Cut messages out of a stream with length prefixes, and find the way back after a wrong one.

A prefix is believed when the bytes that it counts are laid out as a message. Where they are not,
the message may be broken or the prefix wrong: it is still believed when it leads, over one more
such record at most, to a sound message or to the end of the file. Else reading goes on at the next
sound message. The first bytes alone would not tell: a message is full of digits that look alike.
"""

import re
from collections.abc import Iterator

import iso8583

from domain.iso8583.elements import LIBRARY_SPEC
from domain.record import Record, Unreadable, unreadable
from domain.stream_window import StreamWindow

_PREFIX = 2
# The longest element has 999 bytes and few messages carry more than a handful of them.
LONGEST_MESSAGE = 16_384
# Where a message may start behind its two bytes of length: type, and a bitmap in hex digits. The
# match is empty, so that candidates may overlap.
_CANDIDATE = re.compile(rb"(?s)(?=..0[124][0-3][01][0-9A-Fa-f]{16})")
_CANDIDATE_SIZE = 22
_SEARCHED = 65_536


def read_framed(window: StreamWindow) -> Iterator[Record | Unreadable]:
    offset, ordinal = 0, 0
    while window.reaches(offset):
        record, offset = _next(window, offset, ordinal)
        yield record
        ordinal += 1
        window.drop_before(offset)
    if ordinal == 0:
        yield unreadable("EMPTY_FILE", 0, 0)


def _next(window: StreamWindow, offset: int, ordinal: int) -> tuple[Record | Unreadable, int]:
    end = _end_of_frame(window, offset)
    if end is not None and (_is_sound(window, offset) or _leads_on(window, end)):
        length = end - offset - _PREFIX
        if length == 0:
            return unreadable("EMPTY_RECORD", ordinal, offset), end
        if length > LONGEST_MESSAGE:
            return unreadable("RECORD_TOO_LONG", ordinal, offset), end
        return Record(ordinal, offset, window.peek(offset + _PREFIX, end)), end
    found = _search(window, offset + 1)
    code = "WRONG_LENGTH" if window.reaches(found) else "TRUNCATED_RECORD"
    return unreadable(code, ordinal, offset), found


def _end_of_frame(window: StreamWindow, offset: int) -> int | None:
    """Where the record ends by its prefix, or None when the file ends before."""
    prefix = window.peek(offset, offset + _PREFIX)
    if len(prefix) < _PREFIX:
        return None
    end = offset + _PREFIX + int.from_bytes(prefix, "big")
    return end if window.reaches(end - 1) else None


def _leads_on(window: StreamWindow, offset: int) -> bool:
    if not window.reaches(offset) or _is_sound(window, offset):
        return True
    second = _end_of_frame(window, offset)
    return second is not None and (not window.reaches(second) or _is_sound(window, second))


def _is_sound(window: StreamWindow, offset: int) -> bool:
    """The record here is laid out as a message; what its elements say does not matter."""
    end = _end_of_frame(window, offset)
    if end is None or end - offset - _PREFIX > LONGEST_MESSAGE:
        return False
    try:
        iso8583.decode(window.peek(offset + _PREFIX, end), LIBRARY_SPEC)
    except (iso8583.DecodeError, KeyError):
        # A third bitmap announces elements that the table does not have.
        return False
    return True


def _search(window: StreamWindow, offset: int) -> int:
    """The next offset with a sound message, or the end of the stream."""
    while window.reaches(offset):
        window.drop_before(offset)
        held = window.peek(offset, offset + _SEARCHED)
        for candidate in _CANDIDATE.finditer(held):
            if _is_sound(window, offset + candidate.start()):
                return offset + candidate.start()
        # A candidate may lie across the border of two searches.
        offset += max(1, len(held) - _CANDIDATE_SIZE + 1)
    return offset
