"""People who cannot wait: who ask for the timers, or fold by hand, at the very moment when the
system does it too. They are there only where a run is about them, and draw by numbers of their own.
"""

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.dues import PATIENCE_SECONDS, SOONEST_SECONDS, until_due
from tests.simulation.insisting import insist
from tests.simulation.scenario import Focus

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

# A sum begins about a minute after the stream is paused.
_UNTIL_SUMMED = (58.0, 66.0)


class Watchers:
    def __init__(self, run: "CloudRun", seed: int, focus: Focus) -> None:
        self._run = run
        self._acts = focus.acts
        self._rng = random.Random(f"watchers of {seed}")

    def plan(self) -> None:
        if "watch_the_requests" in self._acts:
            self._watch_the_requests(40)
        if "fold_by_hand" in self._acts:
            self._fold_by_hand(400)

    def _watch_the_requests(self, times: int) -> None:
        """Ask for the timers when the time of a request ends that waits for its response."""
        dues = (
            row["due_at"]
            for row in self._run.books.rows("ParkedTable")
            if row.get("state") == "PARKED" and "due_at" in row
        )
        wait = until_due(dues, self._run.clock.now(), otherwise=10.0)
        if wait == SOONEST_SECONDS:
            insist(self._run, "a watcher invokes TimersFunction", "TimersFunction", {})
        if wait < PATIENCE_SECONDS and times:
            self._run.scheduler.later(wait, lambda: self._watch_the_requests(times - 1))

    def _fold_by_hand(self, times: int) -> None:
        """Fold what lies there unfolded, when whoever sums the balances has waited for the folds.

        Until then the stream is read by nobody, so that nothing else folds it.
        """
        if self._run.books.unfolded():
            for _ in range(3):
                self._run.scheduler.later(self._rng.uniform(*_UNTIL_SUMMED), self._fold)
            times = 0
        if times:
            self._run.scheduler.later(0.5, lambda: self._fold_by_hand(times - 1))

    def _fold(self) -> None:
        now = self._run.clock.now()
        span = {"since": (now - timedelta(minutes=15)).isoformat(), "until": now.isoformat()}
        function = "RebuildBalancesFunction"
        insist(self._run, f"a watcher invokes {function}", function, span)
