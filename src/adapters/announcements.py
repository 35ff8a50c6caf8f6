"""Announcing bookings again, from their headers and with the ids of the first time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from adapters.audit_trail import AuditTrail
from adapters.bus import Bus
from adapters.journal import JournalTable
from domain.announcement import announce, posted_event_id


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """Header ids: announced (or, in a dry run, to be), refused by the bus, in no journal."""

    republished: tuple[str, ...]
    refused: tuple[str, ...]
    unknown: tuple[str, ...]


class Announcements:
    def __init__(self, journal: JournalTable, trail: AuditTrail, bus: Bus) -> None:
        self._journal = journal
        self._trail = trail
        self._bus = bus

    def missing_between(
        self, since: datetime, until: datetime, now: datetime
    ) -> tuple[int, list[str]]:
        """How many headers were booked in that time, and which of them nobody has heard of."""
        booked = list(self._journal.headers_between(since, until))
        heard = self._trail.posted_event_ids(since, now) if booked else set()
        return len(booked), [each for each in booked if posted_event_id(each) not in heard]

    def repeat(self, header_ids: Sequence[str], *, dry_run: bool) -> Announced:
        """Announce these, whatever was heard of them. Raises Unavailable."""
        headers = self._journal.get_many(list(header_ids))
        names = sorted(headers)
        refused: list[int] = []
        if not dry_run:
            refused = self._bus.publish([announce(headers[each]) for each in names])
        return Announced(
            republished=tuple(names),
            refused=tuple(names[index] for index in refused),
            unknown=tuple(sorted(set(header_ids) - headers.keys())),
        )
