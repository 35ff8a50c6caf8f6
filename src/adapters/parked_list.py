"""Parked records by reason and day, the latest days first."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from adapters.listing import Place, index_rows, page
from domain.query_parameters import REASONS

BY_REASON_DAY = "by-reason-day"

type Row = dict[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The days from `since` to the day before `until`; None: any state, any code."""

    since: date
    until: date
    reasons: tuple[str, ...] = REASONS
    state: str | None = None
    code: str | None = None

    @property
    def partitions(self) -> list[str]:
        """Keys of the index."""
        days = [self.until - timedelta(days=1 + n) for n in range((self.until - self.since).days)]
        return [f"{reason}#{day}" for day in days for reason in self.reasons]

    def takes(self, row: Row) -> bool:
        return self.state in {None, row["state"]} and self.code in {None, row.get("code")}


class ParkedList:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def page(
        self, wanted: Wanted, limit: int, place: Place | None = None
    ) -> tuple[list[Row], Place | None]:
        """Rows as stored, and where the next page begins. Raises BadParameter."""

        def rows(partition: str, after: str) -> Iterator[tuple[str, Row | None]]:
            for row in self._rows(partition, after):
                yield row["ingest_id"], row if wanted.takes(row) else None

        return page(wanted.partitions, rows, limit, place)

    def _rows(self, partition: str, after: str) -> Iterator[Row]:
        request = {
            "TableName": self._table,
            "IndexName": BY_REASON_DAY,
            "KeyConditionExpression": "reason_day = :day",
            "ExpressionAttributeValues": {":day": {"S": partition}},
        }
        start = {"reason_day": {"S": partition}, "ingest_id": {"S": after}} if after else None
        return index_rows(self._client, request, start)
