"""Requests whose time ended go on without their response, to be refused by the rules."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import msgspec

from adapters.bus import Bus
from adapters.pairing import Pairing
from adapters.parked import DUE_SHARDS, PARKED, PENDING_MATCH, RELEASED, ParkedTable
from domain.business_time import iso_instant
from domain.errors import Unavailable
from domain.events import TransactionAuthorized
from domain.received import Received

# As many as the bus takes at once.
_AT_ONCE = 10
# What one request may raise; the others must not wait for it.
_OF_ONE_REQUEST = (Unavailable, msgspec.MsgspecError, LookupError, ValueError)


class RequestTimers:
    """`patience`: how long a request that went on may be under way before it is sent again."""

    def __init__(
        self, parked: ParkedTable, pairing: Pairing, bus: Bus, patience: timedelta
    ) -> None:
        self._parked = parked
        self._pairing = pairing
        self._bus = bus
        self._patience = patience

    def run(self, at: datetime, enough: Callable[[], bool], *, dry_run: bool) -> tuple[str, ...]:
        """The requests that went on by now, until it is enough.

        Each is RELEASED first and sent then; it stays in the index until the rules have refused it,
        so that a run which dies in between is made good by a later one. Raises Unavailable once the
        others are done, where a request could not be sent on.
        """
        sent: list[str] = []
        failed: list[str] = []
        for some in batched(self._due(at), _AT_ONCE, strict=False):
            if enough():
                break
            events = self._ended(some, at, failed, dry_run=dry_run)
            refused = set() if dry_run else set(self._bus.publish(events))
            sent += [each.data.ingest_id for n, each in enumerate(events) if n not in refused]
            failed += [f"{events[n].data.ingest_id}: the bus refused it" for n in sorted(refused)]
        if failed:
            raise Unavailable("; ".join(failed))
        return tuple(sent)

    def _due(self, at: datetime) -> Iterator[str]:
        for shard in range(DUE_SHARDS):
            yield from self._parked.due(shard, iso_instant(at))

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
        if row is None:
            return None
        record = Received.from_row(row | {"fields": "{}", "content_digest": ""})
        if row["state"] == RELEASED:
            return record.authorized() if self._is_overdue(row, at) else None
        if (row["state"], row["reason"]) != (PARKED, PENDING_MATCH):
            return None
        moment = at.isoformat(timespec="milliseconds")
        goes_on = dry_run or self._pairing.end(record, moment)
        return record.authorized() if goes_on else None

    def _is_overdue(self, row: Mapping[str, Any], at: datetime) -> bool:
        """It went on long ago, and has no outcome yet: its event may be lost."""
        return datetime.fromisoformat(row["history"][-1]["at"]) <= at - self._patience
