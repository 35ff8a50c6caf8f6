"""The picture while records are under way: stages, outcomes so far, rate."""

import time
from collections import Counter

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from cli import screen
from cli.watch import Watch

_POLL_SECONDS = 1.0
_LINGER_SECONDS = 10.0


def wait_for_outcomes(watch: Watch, patience: float) -> bool:
    """Watch until every record has an outcome and its booking is folded.

    False when `patience` ran out: seconds without any progress, so a long batch may take long.
    What waits for another message is given some seconds more: its message may be among the last.
    """
    picture = _Picture(watch.total)
    moved_at, last = time.monotonic(), (-1, -1, -1, -1)
    with Live(picture.group, console=screen.notes, transient=True, refresh_per_second=4):
        while True:
            watch.poll()
            unfolded = watch.unfolded() if not watch.open else -1
            picture.update(watch, unfolded)
            lingered = time.monotonic() - moved_at > _LINGER_SECONDS
            if unfolded == 0 and (lingered or not watch.waiting):
                return True
            state = (watch.received, len(watch.outcomes), unfolded, len(watch.waiting))
            if state != last:
                moved_at, last = time.monotonic(), state
            elif time.monotonic() - moved_at > patience:
                return False
            time.sleep(_POLL_SECONDS)


class _Picture:
    def __init__(self, total: int) -> None:
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description:<9}"), BarColumn(bar_width=32), MofNCompleteColumn()
        )
        self._stages: dict[str, TaskID] = {
            stage: self._progress.add_task(stage, total=total)
            for stage in ("received", "outcome", "folded")
        }
        self._text = Text(style=screen.DIM)
        self.group = Group(self._progress, self._text)

    def update(self, watch: Watch, unfolded: int) -> None:
        """`unfolded`: bookings whose internal balances lag; -1 while nobody has looked."""
        settled = len(watch.outcomes)
        booked = sum(1 for outcome in watch.outcomes.values() if outcome.header_id)
        done = {"received": watch.received, "outcome": settled}
        for stage, count in done.items():
            self._progress.update(self._stages[stage], completed=count, total=watch.total)
        folded = 0 if unfolded < 0 else booked - unfolded
        self._progress.update(self._stages["folded"], completed=folded, total=booked)
        counts = Counter(outcome.kind for outcome in watch.outcomes.values())
        seconds = time.monotonic() - self._began
        told = "  ".join(f"{kind.lower()} {count}" for kind, count in sorted(counts.items()))
        rate = f"{settled / seconds:.0f} a second" if seconds > 1 else ""
        self._text.plain = "   ".join(part for part in (told, f"{seconds:.0f} s", rate) if part)
