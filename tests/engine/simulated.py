"""Single services of the simulation, on which nothing goes wrong and nothing else runs."""

import random
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from tests.simulation.clock import Clock
from tests.simulation.cloud import CloudRun
from tests.simulation.permissions import Permissions
from tests.simulation.plan import MappingSpec, QueueSpec
from tests.simulation.scheduler import Scheduler
from tests.simulation.services.buckets import Buckets
from tests.simulation.services.bus import Bus
from tests.simulation.services.mappings import QueueFeed
from tests.simulation.services.queues import Queues
from tests.simulation.template import deployed

type Function = Callable[[Any], Any]


class Calm:
    """As much of a run as single services ask for. What is put on its bus goes nowhere."""

    def __init__(self, queues: Mapping[str, QueueSpec] | None = None) -> None:
        self.plan = deployed()
        self.clock = Clock()
        self.rng = random.Random("any order")
        self.scheduler = Scheduler(self.clock, self.rng)
        self.faults = SimpleNamespace(on=False)
        self.permissions = Permissions(self.plan)
        self.queues = Queues(queues or {}, lambda: self.clock.seconds)
        self.functions = SimpleNamespace(invoke=self._invoke)
        self._function: Function | None = None

    def bus(self) -> Bus:
        return Bus(self._as_run())

    def buckets(self) -> Buckets:
        return Buckets(self._as_run())

    def feed(self, mapping: MappingSpec, function: Function) -> None:
        """Let the queue feed this function, from now on while time passes."""
        self._function = function
        QueueFeed(self._as_run(), mapping)

    def wait(self, seconds: float) -> None:
        until = self.clock.seconds + seconds
        while self.scheduler.step(until):
            pass
        self.clock.seconds = until

    def hits(self, _kind: str, _place: str) -> bool:
        return False

    def note(self, _what: str) -> None:
        pass

    def ask(self, allowed: bool, what: str) -> bool:
        assert allowed, what
        return allowed

    def may_read_queue(self, _role: str, _queue: str) -> bool:
        return True

    def _invoke(
        self,
        _name: str,
        event: Any,
        done: Callable[[Any, BaseException | None], None],
        _limit: float | None = None,
    ) -> None:
        assert self._function is not None
        try:
            result = self._function(event)
        except ValueError as error:
            done(None, error)
        else:
            done(result, None)

    def _as_run(self) -> CloudRun:
        return cast(CloudRun, self)
