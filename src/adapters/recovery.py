"""Sending a record on its way again, where its first way was lost."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from adapters.bus import Bus
from adapters.deduplication import Deduplication
from adapters.inbox import InboxTable
from adapters.parked import ParkedTable
from adapters.parked_row import RELEASED
from adapters.story import Story
from domain.business_time import iso_instant
from domain.received import Received


class SentOn(msgspec.Struct, frozen=True, kw_only=True):
    """Which records were sent again, parked (repeats, unreadable ones), or refused by the bus."""

    resent: tuple[str, ...]
    parked: tuple[str, ...]
    unsent: tuple[str, ...]


class Swept(SentOn, frozen=True, kw_only=True):
    """One minute, and how many records it has."""

    minute: str
    seen: int

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
        received = list(self._inbox.received_in(minute))
        mended = self.send_on(received, at, dry_run=dry_run)
        return Swept(
            minute=minute.isoformat()[:16],
            seen=len(received),
            resent=mended.resent,
            parked=mended.parked,
            unsent=mended.unsent,
        )

    def send_released(
        self, until: datetime, at: str, enough: Callable[[], bool], *, dry_run: bool
    ) -> SentOn:
        """What was let go until then, by a person or by a timer, and has no outcome.

        Its minute was accounted for while it was parked, so that no walk comes by again. What has
        its outcome leaves the index. Raises Unavailable.
        """
        lost = []
        for ingest_id in self._parked.due(iso_instant(until)):
            if enough():
                break
            row = self._parked.get(ingest_id)
            if row is None or row["state"] != RELEASED:
                continue
            if datetime.fromisoformat(row["history"][-1]["at"]) > until:
                continue
            if self._story.header_of(ingest_id, row["msg_id"]) is None:
                lost.append(ingest_id)
            elif not dry_run:
                self._parked.leave_index(ingest_id)
        return self.send_on(lost, at, dry_run=dry_run)

    def send_on(self, ingest_ids: Iterable[str], at: str, *, dry_run: bool) -> SentOn:
        """Those of these records that have no outcome. Raises Unavailable."""
        lost, parked = [], []
        for ingest_id in ingest_ids:
            try:
                record = self._in_flight(ingest_id)
                event = record.authorized() if record else None
            except (msgspec.MsgspecError, KeyError) as error:
                # One record that nobody can read must not keep the others from going on.
                if not dry_run:
                    self._park_unreadable(ingest_id, error, at)
                parked.append(ingest_id)
                continue
            if record is None or event is None:
                continue
            if dry_run or self._deduplication.admit(record, at) is None:
                lost.append(event)
            else:
                parked.append(ingest_id)
        refused: list[int] = []
        if not dry_run:
            refused = self._bus.publish(lost)
        unsent = {lost[index].data.ingest_id for index in refused}
        return SentOn(
            resent=tuple(each.data.ingest_id for each in lost if each.data.ingest_id not in unsent),
            parked=tuple(parked),
            unsent=tuple(sorted(unsent)),
        )

    def _park_unreadable(self, ingest_id: str, error: Exception, at: str) -> None:
        row = self._inbox.get(ingest_id) or {}
        self._deduplication.fail(ingest_id, row, str(error), at)

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
