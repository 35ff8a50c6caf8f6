"""Sending a record on its way again, where its first way was lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from adapters.bus import Bus
from adapters.deduplication import Deduplication
from adapters.inbox import InboxTable
from adapters.parked import RELEASED, ParkedTable
from adapters.story import Story
from domain.received import Received


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """One minute: how many records it has, which were sent again, which were parked as repeats."""

    minute: str
    seen: int
    resent: tuple[str, ...]
    parked: tuple[str, ...]
    unsent: tuple[str, ...]

    @property
    def accounted(self) -> bool:
        """Nothing had to be sent: every record of the minute has its outcome."""
        return not self.resent and not self.unsent


class Sweep:
    """Walks the Inbox by minute; what has no outcome goes through the same claim as in Pipe 1."""

    def __init__(
        self,
        inbox: InboxTable,
        parked: ParkedTable,
        story: Story,
        deduplication: Deduplication,
        bus: Bus,
    ) -> None:
        self._inbox = inbox
        self._parked = parked
        self._story = story
        self._deduplication = deduplication
        self._bus = bus

    def sweep(self, minute: datetime, at: str, *, dry_run: bool) -> Swept:
        """One minute of receptions. Raises Unavailable; a repeat of the minute is harmless."""
        seen, lost, repeats = 0, [], []
        for ingest_id in self._inbox.received_in(minute):
            seen += 1
            record = self._in_flight(ingest_id)
            if record is None:
                continue
            if dry_run or self._deduplication.admit(record, at) is None:
                lost.append(record)
            else:
                repeats.append(ingest_id)
        refused: list[int] = []
        if not dry_run:
            refused = self._bus.publish([record.authorized() for record in lost])
        unsent = {lost[index].ingest_id for index in refused}
        return Swept(
            minute=minute.isoformat()[:16],
            seen=seen,
            resent=tuple(each.ingest_id for each in lost if each.ingest_id not in unsent),
            parked=tuple(repeats),
            unsent=tuple(sorted(unsent)),
        )

    def _in_flight(self, ingest_id: str) -> Received | None:
        """The record to send on, or None when it has its outcome.

        A released record goes under the message id that its release gave it.
        """
        row = self._inbox.get(ingest_id)
        if row is None or self._story.header_of(ingest_id, row["msg_id"]) is not None:
            return None
        standing = self._parked.get(ingest_id)
        if standing is not None and standing["state"] != RELEASED:
            return None
        record = Received.from_row(row)
        released_as = standing.get("msg_id") if standing else None
        return msgspec.structs.replace(record, msg_id=released_as) if released_as else record


def minutes_between(since: datetime, until: datetime) -> Iterator[datetime]:
    """Whole minutes from that of `since` to the last that ended before `until`."""
    minute = since.replace(second=0, microsecond=0)
    while minute + timedelta(minutes=1) <= until:
        yield minute
        minute += timedelta(minutes=1)
