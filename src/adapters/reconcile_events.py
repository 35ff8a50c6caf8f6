"""Reading the audit trail and the headers of the window for the comparison.

First what was announced, object after object, then the headers, one minute's share after another;
what was heard is carried from page to page in the store.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import batched
from typing import Any

import msgspec

from adapters.audit_trail import AuditTrail
from adapters.journal import JournalTable
from adapters.reconcile_page import Page
from adapters.reconciliation_store import ReconciliationStore
from domain.reconciliation import Break, Comparison, Findings
from domain.reconciliation_events import Announcements, compare_events, hear, without_header
from domain.reconciliation_run import Run

_TRAIL, _HEADERS = "trail", "headers"
_AT_ONCE = 1_000


class Trailed(msgspec.Struct):
    """Announcements of the window's headers that no header has answered for yet."""

    heard: Announcements = msgspec.field(default_factory=dict)


class ReconcileEvents:
    def __init__(
        self,
        trail: AuditTrail,
        journal: JournalTable,
        store: ReconciliationStore,
        now: Callable[[], datetime],
    ) -> None:
        self._trail = trail
        self._journal = journal
        self._store = store
        self._now = now

    def compare(self, page: Page) -> Comparison:
        """One page. Events are delivered after their booking, so the trail is read up to now."""
        now = self._now()
        token = page.token or {"of": _TRAIL, "after": ""}
        trailed = (
            Trailed() if page.token is None else self._store.load(page.run, page.work, Trailed)
        )
        if token["of"] == _TRAIL:
            reached = self._listen(page, trailed, now, token["after"])
            if reached is not None:
                return self._pause(page, trailed, {"of": _TRAIL, "after": reached})
            token = {"of": _HEADERS, "after": None}
        reached = self._meet(page, trailed, now, token["after"])
        if reached is not None:
            return self._pause(page, trailed, {"of": _HEADERS, "after": reached})
        self._close(page, trailed, now)
        return page.close(self._store, None)

    def _pause(self, page: Page, trailed: Trailed, token: Any) -> Comparison:
        self._store.save(page.run, page.next_work, trailed)
        return page.close(self._store, token)

    def _listen(self, page: Page, trailed: Trailed, now: datetime, after: str) -> str | None:
        """Hear objects of the trail; where the page is full, the last of them."""
        for key in self._trail.objects(page.run.since, now, after):
            self._hear(page, trailed, key)
            if page.is_full():
                return key
        return None

    def _hear(self, page: Page, trailed: Trailed, key: str) -> None:
        try:
            for event in self._trail.posted_in(key):
                if _inside(page.run, event.data.booked_at):
                    hear(trailed.heard, event)
        except (msgspec.MsgspecError, ValueError) as error:
            what = f"not readable: {error}"
            page.add(Findings(breaks=[Break(kind="TRAIL_UNREADABLE", id=key, what=what)]))

    def _meet(self, page: Page, trailed: Trailed, now: datetime, after: str | None) -> str | None:
        """Compare headers with what was heard; where the page is full, the last minute's share."""
        for minute_shard in page.run.minute_shards(after):
            ids = self._journal.headers_under(minute_shard)
            for some in batched(ids, _AT_ONCE, strict=False):
                self._compare(page, trailed, list(some), now)
            if page.is_full():
                return minute_shard
        return None

    def _compare(self, page: Page, trailed: Trailed, ids: list[str], now: datetime) -> set[str]:
        """Returns those of the headers that exist."""
        headers = self._journal.get_many(ids)
        heard = {each: trailed.heard.pop(each) for each in headers if each in trailed.heard}
        posted = [header.posted for header in headers.values()]
        page.add(compare_events(posted, heard, page.run.overdue_before(now)))
        return set(headers)

    def _close(self, page: Page, trailed: Trailed, now: datetime) -> None:
        """What is left: headers that the index shows later, and events without a header."""
        for some in batched(sorted(trailed.heard), _AT_ONCE, strict=False):
            self._compare(page, trailed, list(some), now)
        page.add(without_header(trailed.heard))


def _inside(run: Run, booked_at: str) -> bool:
    return run.since <= datetime.fromisoformat(booked_at) < run.until
