"""Folding headers that the stream's way has lost: those without a marker, once for each."""

from collections.abc import Sequence
from datetime import datetime

from adapters.fold import Fold
from adapters.journal import JournalTable


class Refold:
    def __init__(self, journal: JournalTable, fold: Fold) -> None:
        self._journal = journal
        self._fold = fold

    def between(self, since: datetime, until: datetime, *, dry_run: bool) -> tuple[int, list[str]]:
        """How many headers were booked in that time, and which of them were not folded yet."""
        booked = list(self._journal.headers_between(since, until))
        return len(booked), self.fold(booked, dry_run=dry_run)

    def fold(self, header_ids: Sequence[str], *, dry_run: bool) -> list[str]:
        """Fold those of these headers that have no marker; returns them. Raises Unavailable."""
        headers = self._journal.get_many(self._fold.unmarked(header_ids))
        names = sorted(headers)
        if not dry_run:
            self._fold.fold([headers[each].posted for each in names])
        return names
