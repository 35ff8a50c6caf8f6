"""The last page of a run: what became of the messages, how fast, and whether the books balance."""

from collections import Counter
from typing import Any

import local
from cli import screen, summary, trial_balance, trial_balance_view
from cli.expected import Counts, counted, differences
from cli.latency import rate
from cli.outcomes import Outcome
from cli.submit import Submitted
from cli.system import System
from domain.trial_balance import trial_balance_body


class Ending:
    """What there is to say when all is done."""

    def __init__(
        self,
        system: System,
        done: Submitted,
        outcomes: list[Outcome],
        in_flight: list[str],
        expected: Counts | None,
    ) -> None:
        self._system = system
        self._outcomes = outcomes
        self._in_flight = in_flight
        self._not_taken = done.not_taken
        self._first_run = expected is not None
        self._unexpected = differences(expected, counted(outcomes)) if expected else []
        self._balance = trial_balance.read(system)

    @property
    def good(self) -> bool:
        lost = self._in_flight or self._not_taken or self._unexpected
        return self._balance.is_zero and not lost

    def show(self) -> None:
        screen.out.print()
        summary.show_outcomes(self._outcomes)
        screen.out.print()
        summary.show_latencies(self._outcomes)
        for line in self._lines():
            screen.out.print(line)
        screen.out.print()
        trial_balance_view.show_sums(self._balance)
        self._show_unaccounted()
        self._show_next()

    def _lines(self) -> list[str]:
        lines = []
        if self._first_run and not self._unexpected:
            lines.append("Every message ended where samples/batch/EXPECTED.json says it must.")
        bookings_a_second = rate(self._outcomes)
        if bookings_a_second is not None:
            booked = sum(1 for outcome in self._outcomes if outcome.booked_at)
            lines.append(
                f"{booked} bookings, {bookings_a_second:.1f} a second from the first message"
                " received to the last one booked"
            )
        memory = self._memory()
        if memory:
            lines.append(
                f"Memory: at most {memory.get('peak_mb')} MB in {memory.get('peak_processes')}"
                " processes, engine and functions together"
            )
        return lines

    def _show_unaccounted(self) -> None:
        for line in self._unexpected:
            screen.complain(f"not as samples/batch/EXPECTED.json says: {line}")
        if self._not_taken:
            screen.complain(f"{self._not_taken} messages were not taken in: submit them again")
        if self._in_flight:
            shown = ", ".join(self._in_flight[:5])
            screen.complain(
                f"{len(self._in_flight)} messages have no outcome yet ({shown} ...):"
                " './posting status', then './posting sweep --min-age-minutes 0'"
            )

    def _show_next(self) -> None:
        """Ids of this very run, so that the next command can be copied."""
        booked = next((each for each in self._outcomes if each.header_id), None)
        repeat = next((each for each in self._outcomes if each.original), None)
        screen.out.print("\n[bold]Where to look next[/]")
        if booked is not None:
            screen.line(f"  ./posting explain {booked.ingest_id}    a booking, from door to event")
        if repeat is not None:
            screen.line(f"  ./posting explain {repeat.ingest_id}    repeats {repeat.original}")
        screen.line("  ./posting trial-balance    ./posting audit    ./posting parked")

    def _memory(self) -> dict[str, Any]:
        return dict(local.status()["memory"]) if self._system.is_local else {}

    def values(self) -> dict[str, Any]:
        return {
            "good": self.good,
            "not_taken": self._not_taken,
            "unexpected": self._unexpected,
            "kinds": dict(Counter(outcome.kind for outcome in self._outcomes)),
            "bookings_a_second": rate(self._outcomes),
            "memory": self._memory() or None,
            "trial_balance": trial_balance_body(self._balance),
        }
