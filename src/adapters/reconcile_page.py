"""One page of a comparison: what was found on it, and where the next one begins."""

from collections.abc import Callable
from typing import Any

from adapters.reconciliation_store import ReconciliationStore
from domain.reconciliation import Break, Comparison, Findings
from domain.reconciliation_run import Run


class Page:
    """`is_full` says that the function's time is nearly over: the next page goes on."""

    def __init__(
        self, run: Run, name: str, comparison: Comparison, is_full: Callable[[], bool]
    ) -> None:
        self.run = run
        self.is_full = is_full
        self._name = name
        self._comparison = comparison
        self._breaks: list[Break] = []

    @property
    def token(self) -> Any:
        """Where this page begins; None on the first one."""
        return self._comparison.token

    @property
    def work(self) -> str:
        """The name under which the page before has left its work. Each page leaves another object:
        a page that is read again, because its answer was lost, begins where it began.
        """
        return self._work_of(self._comparison.pages)

    @property
    def next_work(self) -> str:
        return self._work_of(self._comparison.pages + 1)

    def add(self, found: Findings) -> None:
        self._comparison.add(found)
        self._breaks += found.breaks

    def close(self, store: ReconciliationStore, token: Any) -> Comparison:
        """The comparison with this page. `token` is where the next one begins, None after the
        last.
        """
        done = self._comparison
        if self._breaks:
            name = self._work_of(done.pages)
            done.lists.append(store.save_breaks(self.run, name, self._breaks))
        done.pages += 1
        done.token, done.more = token, token is not None
        return done

    def _work_of(self, page: int) -> str:
        return f"{self._name}-{self._comparison.look:02d}-{page:04d}"
