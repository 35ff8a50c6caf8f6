"""Requests whose time ended go on without their response, to be refused by the rules."""

from collections.abc import Callable
from datetime import datetime
from itertools import batched

import msgspec

from adapters.bus import Bus
from adapters.pairing import Pairing
from adapters.parked import ParkedTable
from adapters.parked_row import PARKED, PENDING_MATCH
from domain.business_time import iso_instant
from domain.errors import Unavailable
from domain.events import TransactionAuthorized
from domain.received import Received

# As many as the bus takes at once.
_AT_ONCE = 10
# What one request may raise; the others must not wait for it.
_OF_ONE_REQUEST = (Unavailable, msgspec.MsgspecError, LookupError, ValueError)


class RequestTimers:
    def __init__(self, parked: ParkedTable, pairing: Pairing, bus: Bus) -> None:
        self._parked = parked
        self._pairing = pairing
        self._bus = bus

    def run(self, at: datetime, enough: Callable[[], bool], *, dry_run: bool) -> tuple[str, ...]:
        """The requests that went on by now, until it is enough.

        Each is RELEASED first and sent then: the sweep makes good a run that dies in between.
        Raises Unavailable once the others are done, where a request could not be sent on.
        """
        sent: list[str] = []
        failed: list[str] = []
        for some in batched(self._parked.due(iso_instant(at)), _AT_ONCE, strict=False):
            if enough():
                break
            events = self._ended(some, at, failed, dry_run=dry_run)
            refused = set() if dry_run else set(self._bus.publish(events))
            sent += [each.data.ingest_id for n, each in enumerate(events) if n not in refused]
            failed += [f"{events[n].data.ingest_id}: the bus refused it" for n in sorted(refused)]
        if failed:
            raise Unavailable("; ".join(failed))
        return tuple(sent)

    def _ended(
        self, ingest_ids: tuple[str, ...], at: datetime, failed: list[str], *, dry_run: bool
    ) -> list[TransactionAuthorized]:
        events = []
        for ingest_id in ingest_ids:
            try:
                event = self._goes_on(ingest_id, at, dry_run=dry_run)
            except _OF_ONE_REQUEST as error:
                failed.append(f"{ingest_id}: {error}")
            else:
                events += [event] if event else []
        return events

    def _goes_on(
        self, ingest_id: str, at: datetime, *, dry_run: bool
    ) -> TransactionAuthorized | None:
        """Its event; None for a request that is answered, or that has its outcome by now."""
        row = self._parked.get(ingest_id)
        if row is None or (row["state"], row["reason"]) != (PARKED, PENDING_MATCH):
            return None
        record = Received.from_row(row | {"fields": "{}", "content_digest": ""})
        moment = at.isoformat(timespec="milliseconds")
        goes_on = dry_run or self._pairing.end(record, moment)
        return record.authorized() if goes_on else None
