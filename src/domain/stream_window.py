"""A window over a stream of chunks: look ahead as far as needed, keep no more than that."""

from collections.abc import Iterable


class StreamWindow:
    """Positions are offsets from the start of the stream; bytes before `drop_before` are gone."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()
        self._start = 0
        self._ended = False

    def peek(self, start: int, end: int) -> bytes:
        """The bytes from start to end, fewer when the stream ends before."""
        self._read_to(end)
        return bytes(self._held[start - self._start : end - self._start])

    def find(self, byte: bytes, start: int, end: int) -> int:
        """Offset of the first such byte in start..end, or -1."""
        self._read_to(end)
        found = self._held.find(byte, start - self._start, end - self._start)
        return found if found < 0 else found + self._start

    def reaches(self, position: int) -> bool:
        """True when the stream has a byte at this offset."""
        self._read_to(position + 1)
        return self._start + len(self._held) > position

    def drop_before(self, position: int) -> None:
        gone = min(position - self._start, len(self._held))
        del self._held[:gone]
        self._start += gone

    def _read_to(self, end: int) -> None:
        while not self._ended and self._start + len(self._held) < end:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
            else:
                self._held += chunk
