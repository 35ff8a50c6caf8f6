"""One record of a batch file, or why there is none at that place."""

from msgspec import Struct

from domain.iso8583.decoded import Problem


class Record(Struct, frozen=True):
    """`offset` is where the record starts in the file, `body` the message without its framing."""

    ordinal: int
    offset: int
    body: bytes


class Unreadable(Struct, frozen=True):
    ordinal: int
    offset: int
    problem: Problem


_REASONS = {
    "EMPTY_FILE": ("the file holds no record", "Send at least one message, or no file."),
    "EMPTY_RECORD": (
        "the length prefix is zero",
        "Leave the prefix out where there is no message.",
    ),
    "RECORD_TOO_LONG": ("longer than any message", "Check the framing: lines end with a newline."),
    "TRUNCATED_RECORD": ("the file ends inside this message", "Upload the whole file again."),
    "WRONG_LENGTH": (
        "the length prefix does not lead to the next message",
        "State the length of the message alone, two bytes, big-endian.",
    ),
}


def unreadable(code: str, ordinal: int, offset: int) -> Unreadable:
    message, remedy = _REASONS[code]
    return Unreadable(ordinal, offset, Problem("record", str(offset), code, message, remedy))
