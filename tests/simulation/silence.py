"""Losses that nobody is told about: whatever is missing before any repair left a sign somewhere."""

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


class Silence:
    """Signs are letters, failed executions (an alarm rings) and records that a reader gave up.

    `decided` are records about which somebody decides: that person is told when it fails.
    """

    def __init__(self, run: "CloudRun", decided: Set[str]) -> None:
        self._run = run
        self._decided = decided

    def broken(self) -> Iterator[str]:
        books = self._run.books
        looks = (
            ("without an outcome", books.in_flight(), self._readers("InboxTable", pipes=True)),
            ("not folded", books.unfolded(), self._readers("JournalTable", pipes=False)),
            ("not announced", books.unannounced(), self._readers("JournalTable", pipes=True)),
        )
        signs = list(self._signs())
        for what, missing, gave_up in looks:
            for name in missing:
                told = name in gave_up or any(name in sign for sign in signs)
                if not told and name not in self._decided:
                    yield f"{name} {what}, and nobody is told"

    def _readers(self, table: str, *, pipes: bool) -> set[str]:
        """What the readers of this kind gave up."""
        names = {pipe.name for pipe in self._run.plan.pipes}
        return {
            key
            for reader in self._run.readers
            if reader.reading.table == table and (reader.reading.name in names) == pipes
            for key in reader.gave_up
        }

    def _signs(self) -> Iterator[str]:
        """Texts that name what they are about."""
        yield from self._run.machines.failed
        for queue in self._run.queues.named.values():
            if queue.arrived is None:
                yield from (message.body for message in queue.messages.values())
