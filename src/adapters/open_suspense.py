"""Suspense bookings that are neither released, returned nor corrected, the oldest days first;
those of a settlement's breaks among them.

Their headers carry `suspended_day`, which nothing else in the Journal does: the index over it holds
suspense alone. Whether one is still open is said by the slots of its resolution and correction.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import batched
from typing import Any

from adapters.journal import BY_SUSPENDED_DAY, JournalTable
from adapters.listing import Place, index_rows, page
from domain.booking import resolution_header_id
from domain.correcting import correction_header_id
from domain.events import Posted
from domain.identity import SHARDS

_AT_ONCE = 25


class OpenSuspense:
    def __init__(self, client: Any, journal: JournalTable) -> None:
        self._client = client
        self._journal = journal

    def page(
        self, since: date, until: date, limit: int, place: Place | None = None
    ) -> tuple[list[Posted], Place | None]:
        """Those booked on the days from `since` to the day before `until`. Raises BadParameter."""
        days = [since + timedelta(days=number) for number in range((until - since).days)]
        partitions = [f"{day}#{shard}" for day in days for shard in range(SHARDS)]
        return page(partitions, self._rows, limit, place)

    def _rows(self, partition: str, after: str) -> Iterator[tuple[str, Posted | None]]:
        request = {
            "TableName": self._journal.table,
            "IndexName": BY_SUSPENDED_DAY,
            "KeyConditionExpression": "suspended_day = :day",
            "ExpressionAttributeValues": {":day": {"S": partition}},
        }
        start = None
        if after:
            start = {"suspended_day": {"S": partition}, "pk": {"S": after}, "sk": {"S": "H"}}
        keys = (row["pk"] for row in index_rows(self._client, request, start))
        for some in batched(keys, _AT_ONCE, strict=False):
            slots = [slot for header_id in some for slot in _slots(header_id)]
            headers = self._journal.get_many([*some, *slots])
            for header_id in some:
                closed = any(slot in headers for slot in _slots(header_id))
                yield header_id, None if closed else headers[header_id].posted


def _slots(header_id: str) -> tuple[str, str]:
    """Where a header stands as soon as this one is no longer open."""
    resolved = resolution_header_id(header_id.removeprefix("J#"))
    return resolved, correction_header_id(header_id)
