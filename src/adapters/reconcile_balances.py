"""Reading all balances and the whole journal for the comparison, one page of a scan after another.

First the rows, then every header and statement line; sums are carried from page to page in the
store.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.balances import FOLD_ROW
from adapters.batch_get import batch_get
from adapters.fold import Fold
from adapters.items import from_item
from adapters.journal import HEADER, JournalTable, stored_header
from adapters.reconcile_page import Page
from adapters.reconciliation_store import ReconciliationStore
from domain.events import Posted
from domain.reconciliation import Comparison, Findings
from domain.reconciliation_balances import Books

# A fold is seconds behind. What was booked so shortly before the internal rows were read may have
# been folded on either side of the reading, and clocks differ a little.
_FOLDING, _SKEW = timedelta(minutes=2), timedelta(seconds=10)
_ROWS, _JOURNAL = "rows", "journal"
# Items of one call; a page of DynamoDB ends at a megabyte anyway.
_ITEMS_MAX = 1_000


class ReconcileBalances:
    def __init__(
        self,
        client: Any,
        balances: str,
        journal: JournalTable,
        store: ReconciliationStore,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._balances = balances
        self._journal = journal
        self._fold = Fold(client, balances)
        self._store = store
        self._now = now

    def compare(self, page: Page) -> Comparison:
        """One page."""
        token = page.token or {"of": _ROWS, "after": None}
        if page.token is None:
            overdue = page.run.overdue_before(self._now())
            books = Books(overdue_before=overdue.isoformat())
        else:
            books = self._store.load(page.run, page.work, Books)
        of, after = token["of"], token["after"]
        while of is not None:
            of, after = self._step(page, books, of, after)
            if of is not None and page.is_full():
                self._store.save(page.run, page.next_work, books)
                return page.close(self._store, {"of": of, "after": after})
        self._close(page, books)
        return page.close(self._store, None)

    def _step(self, page: Page, books: Books, of: str, after: Any) -> tuple[str | None, Any]:
        """One call's worth of a table; returns what comes next."""
        table = self._balances if of == _ROWS else self._journal.table
        items, after = self._scan(table, after)
        if of == _ROWS:
            books.take_rows(items)
            if after is None:
                self._read_internal_rows(books)
                return _JOURNAL, None
            return _ROWS, after
        found = Findings()
        self._take(books, items, found)
        page.add(found)
        return (_JOURNAL if after is not None else None), after

    def _read_internal_rows(self, books: Books) -> None:
        """Once more, all at one time, with the count of folds before them."""
        books.fold_no = self._fold_no()
        books.late_from = (self._now() - _FOLDING).isoformat()
        internal = [key for key, row in books.rows.items() if row.kind == "internal"]
        keys = [{"pk": f"B#{key}"} for key in internal]
        books.take_rows(batch_get(self._client, self._balances, keys))
        books.late_until = (self._now() + _SKEW).isoformat()

    def _take(self, books: Books, items: Sequence[dict[str, Any]], found: Findings) -> None:
        headers: list[Posted] = []
        for item in items:
            if item["sk"] == HEADER:
                headers.append(stored_header(item).posted)
            elif item["pk"].startswith("S#"):
                books.take_line(item)
        effects = [each.customer for each in headers if each.customer is not None]
        lines = self._journal.get_lines(effects)
        unfolded = set(self._fold.unmarked([each.header_id for each in headers]))
        for header in headers:
            effect, line = header.customer, None
            if effect is not None:
                line = lines.get((f"{effect.account}#{effect.currency}", effect.posting_no))
            books.take_header(header, line, folded=header.header_id not in unfolded, found=found)

    def _close(self, page: Page, books: Books) -> None:
        """An account that was opened meanwhile has its row by now."""
        missing = books.without_row()
        keys = [{"pk": f"B#{key}"} for key in missing]
        there = {row["pk"] for row in batch_get(self._client, self._balances, keys)}
        found = Findings()
        without_row = [key for key in missing if f"B#{key}" not in there]
        books.close(found, fold_no=self._fold_no(), without_row=without_row)
        page.add(found)

    def _fold_no(self) -> int:
        rows = batch_get(self._client, self._balances, [{"pk": FOLD_ROW}])
        return int(rows[0]["fold_no"]) if rows else 0

    def _scan(self, table: str, after: Any) -> tuple[list[dict[str, Any]], Any]:
        request: dict[str, Any] = {
            "TableName": table,
            "ConsistentRead": True,
            "Limit": _ITEMS_MAX,
        }
        if after is not None:
            request["ExclusiveStartKey"] = after
        answer = self._client.scan(**request)
        return [from_item(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")
