"""After the faults: what is under way arrives, and the operator's repairs bring the rest home."""

from typing import TYPE_CHECKING, Any

from tests.simulation.scheduler import Stopped

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun
    from tests.simulation.doors import Doors

_ROUNDS = 6
_SLICES = 20
# The slowest schedule runs every hour, and each leaves alone what is younger than some minutes.
_SCHEDULES_SECONDS = 9_000.0
# The sweep runs every five minutes, for what is older than a quarter of an hour.
_SWEEP_SECONDS = 1_500.0
# Nothing is under way longer: a day in a pipe that stands still, another at a target that is down.
_QUIET_SECONDS = 5 * 86_400.0


class NotDrained(Exception):
    """Something is still under way after all repairs."""


class Drain:
    def __init__(self, run: "CloudRun", doors: "Doors") -> None:
        self._run = run
        self._doors = doors

    def drain(self, *, by_hand: bool) -> int:
        """How many rounds of repairs it took: the schedules' alone first, unless `by_hand`.

        Raises NotDrained.
        """
        self.settle()
        if self._run.schedules.on and not by_hand:
            self._wait_for_the_schedules()
        for number in range(_ROUNDS):
            if self._complete():
                return number
            self.repair()
            self.settle()
        raise NotDrained("; ".join(f"{what}: {which}" for what, which in self._left().items()))

    def _wait_for_the_schedules(self) -> None:
        """What was lost comes home by itself, but for what somebody must look at."""
        books = self._run.books
        looks = (books.in_flight, books.unfolded, books.unannounced, books.unassembled)
        if not any(look() for look in looks):
            return
        if books.in_flight():
            self._wait(_SWEEP_SECONDS)
        if books.in_flight():
            raise NotDrained(f"the sweep leaves {', '.join(books.in_flight())}")
        self._wait(_SCHEDULES_SECONDS)
        left = [name for look in looks for name in look()]
        if left:
            raise NotDrained(f"the schedules leave {', '.join(left)}")

    def _wait(self, seconds: float) -> None:
        end = self._run.clock.seconds + seconds
        while self._run.scheduler.step(end):
            pass
        self._run.clock.seconds = end
        self.settle()

    def settle(self) -> None:
        """Until nothing but the schedules is left; they do their part meanwhile."""
        run = self._run
        end = run.clock.seconds + _QUIET_SECONDS
        while run.scheduler.waiting > run.schedules.pending:
            if not run.scheduler.step(end):
                raise NotDrained("something goes on and on")

    def _complete(self) -> bool:
        return not self._left()

    def _left(self) -> dict[str, Any]:
        """What is still to be done, by its kind."""
        books, queues = self._run.books, self._run.queues.named
        kinds: dict[str, Any] = {
            "in queues": [n for n, each in queues.items() if each.messages and each.arrived],
            "callers without an answer": self._doors.waiting,
            "in flight": books.in_flight(),
            "not folded": books.unfolded(),
            "not announced": books.unannounced(),
            "not assembled": books.unassembled(),
            "waiting for another message": books.waiting(),
            # No table knows of a leg that has not come.
            "legs in letters": list(queues["LegDeadLetters"].messages),
            "failed": self._failed(),
            "not received": self._unreceived(),
        }
        return {what: which for what, which in kinds.items() if which}

    def repair(self) -> None:
        """What docs/reliability.md names for each hop."""
        run = self._run
        # An age that everything has reached by now.
        run.clock.seconds += 1_200.0
        for ingest_id in self._failed():
            order = {"action": "release", "ingest_id": ingest_id, "by": "operator"}
            told = self.ask("ReleaseFunction", order)
            if told is not None and told["result"] == "REFUSED":
                # Another record of the message is booked: this one has nothing left to do.
                self.ask("ReleaseFunction", order | {"action": "discard"})
        self._redrive()
        self.ask("SweepFunction", {})
        self.ask("CheckSequencesFunction", {})
        self.ask("TimersFunction", {})
        self.settle()
        run.clock.seconds += 1_200.0
        for function, missing in (
            ("RebuildBalancesFunction", run.books.unfolded()),
            ("RepublishFunction", run.books.unannounced()),
        ):
            # The audit names the headers, and so the times.
            moments = [run.books.booked_at(each) for each in missing] or [run.clock.now()]
            span = {"since": min(moments).isoformat(), "until": max(moments).isoformat()}
            self.ask(function, span)

    def _redrive(self) -> None:
        """Every queue of letters, slice by slice."""
        for queue in self._letter_queues():
            event: dict[str, Any] = {"queue": queue}
            for _ in range(_SLICES):
                told = self.ask("RedriveFunction", event)
                if not isinstance(told, dict) or not told.get("more"):
                    break
                event |= {name: told[name] for name in ("began", "left") if name in told}

    def _letter_queues(self) -> list[str]:
        plan = self._run.plan
        fed = {spec.letters for spec in plan.queues.values()}
        fed |= {reader.reading.letters for reader in self._run.readers}
        fed |= {target.letters for rule in plan.rules for target in rule.targets}
        fed |= {spec.asynchronous.letters for spec in plan.functions.values()}
        lying = [name for name, queue in self._run.queues.named.items() if queue.messages]
        return [name for name in lying if name in fed]

    def _failed(self) -> list[str]:
        return [
            row["ingest_id"]["S"]
            for row in self._run.database.tables["ParkedTable"].items.values()
            if row.get("state") == {"S": "PARKED"} and row.get("reason") == {"S": "FAILED"}
        ]

    def _unreceived(self) -> list[str]:
        tables = self._run.database.tables
        known = tables["InboxTable"].items.keys() | tables["ParkedTable"].items.keys()
        return [each for each in self._doors.accepted if (each,) not in known]

    def ask(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke, and let the run go on until the answer is there."""
        answers: list[tuple[Any, BaseException | None]] = []
        self._run.functions.invoke(
            function, event, lambda result, error: answers.append((result, error))
        )
        while not answers:
            self._run.scheduler.step(float("inf"))
        result, error = answers[0]
        if error is not None and not isinstance(error, Stopped):
            raise error
        return result
