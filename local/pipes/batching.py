"""Cutting the records of a shard into batches."""

from local.pipes.record import Record


class Batches:
    """Gathers records until a batch is full or has waited for its window."""

    def __init__(self, size: int, window_seconds: float) -> None:
        self._size = size
        self._window = window_seconds
        self._gathered: list[Record] = []
        self._since = 0.0

    def add(self, records: list[Record], now: float) -> None:
        """Records that passed the filter, in the order of the shard."""
        if records and not self._gathered:
            self._since = now
        self._gathered += records

    def ready(self, now: float) -> list[Record]:
        """The next batch that is due; empty when none is."""
        full = len(self._gathered) >= self._size
        if not full and (not self._gathered or now - self._since < self._window):
            return []
        batch, self._gathered = self._gathered[: self._size], self._gathered[self._size :]
        self._since = now
        return batch

    @property
    def waiting(self) -> bool:
        """Whether records are held back for their window."""
        return bool(self._gathered)
