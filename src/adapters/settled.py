"""Whether what a letter asks for has been done by another way meanwhile."""

from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.parked_row import PARKED, RELEASED
from adapters.story import Story
from domain.booking import book_opening
from domain.errors import Contradiction
from domain.events import (
    Authorized,
    Event,
    OpeningRequested,
    TransactionPosted,
    TransactionRejected,
)


class Settled:
    def __init__(self, story: Story, parked: ParkedTable, journal: JournalTable) -> None:
        self._story = story
        self._parked = parked
        self._journal = journal

    def is_settled(self, event: Event, still_open: frozenset[str]) -> bool:
        """Whether the event's record, or the opening, has its outcome.

        `still_open` are reasons of parked rows that the next step goes on from. An event that only
        tells what was done is never settled. Raises Contradiction where something else was booked
        for the same record.
        """
        if isinstance(event, OpeningRequested):
            booking = book_opening(event)
            return self._booked(booking.header_id, booking.fingerprint)
        data = getattr(event, "data", None)
        told = isinstance(event, TransactionRejected | TransactionPosted)
        if told or not isinstance(data, Authorized):
            return False
        header = self._story.header_of(data.ingest_id, event.meta.msg_id)
        if header is not None:
            return self._booked(header.posted.header_id, data.fingerprint)
        row = self._parked.get(data.ingest_id)
        if row is None or row["state"] == RELEASED:
            return False
        return not (row["state"] == PARKED and row["reason"] in still_open)

    def _booked(self, header_id: str, fingerprint: str) -> bool:
        header = self._journal.get(header_id)
        if header is not None and header.posted.fingerprint != fingerprint:
            raise Contradiction(
                "FINGERPRINT_MISMATCH", f"{header_id} was booked with other content"
            )
        return header is not None
