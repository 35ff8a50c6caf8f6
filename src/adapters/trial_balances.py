"""The trial balance, read a page at a time from the Balances table.

The table is scanned, the fold's markers with it: a page may hold fewer accounts than asked for.
What is not folded yet is added on the last page.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from adapters.fold import Fold
from adapters.items import from_item
from adapters.journal import JournalTable
from domain.events import Posted
from domain.trial_balance import Sums, TrialBalance, trial_balance_of

# A fold is seconds behind. What it lost shows as a difference, until the hourly repair folds it.
_LAG = timedelta(minutes=5)
# A request reads a megabyte at most.
_REQUESTS_MAX = 20

type Row = dict[str, Any]


class Point(msgspec.Struct, frozen=True):
    """The next page begins behind this key; `sums` are those of the pages so far."""

    after: str
    sums: Sums


class TrialBalances:
    def __init__(self, client: Any, balances_table: str, journal: JournalTable) -> None:
        self._client = client
        self._table = balances_table
        self._journal = journal
        self._fold = Fold(client, balances_table)

    def page(
        self, limit: int, now: datetime, point: Point | None = None
    ) -> tuple[TrialBalance, Point | None]:
        """Accounts of one page with the sums so far, and where the next page begins.

        Only the last page tells whether the ledger comes out.
        """
        rows, after = self._rows(limit, point.after if point else None)
        unfolded = [] if after else self._unfolded(now)
        found = trial_balance_of(rows, unfolded, point.sums if point else None)
        if after is None:
            return found, None
        return found, Point(after, {each: found.sums(each) for each in found.currencies})

    def _rows(self, limit: int, after: str | None) -> tuple[list[Row], str | None]:
        """Balance rows behind a key, and the last key looked at while there may be more."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :b)",
            "ExpressionAttributeValues": {":b": {"S": "B#"}},
            "ConsistentRead": True,
        }
        found: list[Row] = []
        for _ in range(_REQUESTS_MAX):
            if after is not None:
                request["ExclusiveStartKey"] = {"pk": {"S": after}}
            answer = self._client.scan(**request)
            found += map(from_item, answer["Items"])
            if len(found) > limit:
                return found[:limit], str(found[limit - 1]["pk"])
            if "LastEvaluatedKey" not in answer:
                return found, None
            after = answer["LastEvaluatedKey"]["pk"]["S"]
        return found, after

    def _unfolded(self, now: datetime) -> Sequence[Posted]:
        booked = list(self._journal.headers_between(now - _LAG, now))
        headers = self._journal.get_many(self._fold.unmarked(booked))
        return [header.posted for header in headers.values()]
