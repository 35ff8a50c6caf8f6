"""Read the records of a batch file from a stream of chunks, one at a time.

Three formats: `.jsonl` and `.hex` hold one message a line, `.bin` puts two bytes of big-endian
length before each message. What cannot be cut out of the file is a record too, with the reason; the
rest is read on. Ordinals count from 0 over both, so a record keeps its own in every reading.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from domain.framing import read_framed
from domain.record import Record, Unreadable, unreadable
from domain.stream_window import StreamWindow

# Four times the longest ISO 8583 message in practice, written as JSON.
LONGEST_LINE = 65_536

type Reader = Callable[[Iterable[bytes]], Iterator[Record | Unreadable]]


class Format(Struct, frozen=True):
    suffix: str
    read: Reader


def read_lines(chunks: Iterable[bytes]) -> Iterator[Record | Unreadable]:
    """Lines without their end; blank lines are no records."""
    window, offset, ordinal = StreamWindow(chunks), 0, 0
    while window.reaches(offset):
        end, following = _line_end(window, offset)
        if end is None:
            yield unreadable("RECORD_TOO_LONG", ordinal, offset)
            ordinal += 1
        elif body := window.peek(offset, end).strip():
            yield Record(ordinal, offset, body)
            ordinal += 1
        offset = following
        window.drop_before(offset)
    if ordinal == 0:
        yield unreadable("EMPTY_FILE", 0, 0)


def read_bin(chunks: Iterable[bytes]) -> Iterator[Record | Unreadable]:
    """Messages after their two bytes of length."""
    return read_framed(StreamWindow(chunks))


read_jsonl: Reader = read_lines
read_hex: Reader = read_lines
FORMATS = (Format(".jsonl", read_jsonl), Format(".bin", read_bin), Format(".hex", read_hex))


def format_of(key: str) -> Format | None:
    """The format of an object key by its suffix; None for anything else, such as a manifest."""
    return next((known for known in FORMATS if key.lower().endswith(known.suffix)), None)


def _line_end(window: StreamWindow, offset: int) -> tuple[int | None, int]:
    """Where the line ends (None when it is too long) and where the next one starts."""
    end = window.find(b"\n", offset, offset + LONGEST_LINE + 1)
    if end >= 0:
        return end, end + 1
    if window.reaches(offset + LONGEST_LINE):
        return None, _after_line(window, offset)
    # The last line of a file may come without its end.
    end = offset + len(window.peek(offset, offset + LONGEST_LINE))
    return end, end


def _after_line(window: StreamWindow, offset: int) -> int:
    """Skip to the next line without holding the long one."""
    while window.reaches(offset):
        end = window.find(b"\n", offset, offset + LONGEST_LINE)
        if end >= 0:
            return end + 1
        offset += len(window.peek(offset, offset + LONGEST_LINE))
        window.drop_before(offset)
    return offset
