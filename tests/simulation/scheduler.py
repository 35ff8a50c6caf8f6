"""Who runs next: a heap of (virtual time, seeded tie-break), and one greenlet for each run of code.

A greenlet hands over at each AWS call and each sleep, so that any two runs may interleave there and
nowhere else.
"""

import heapq
import random
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.clock import Clock

type Action = Callable[[], None]


# Three times as many as the busiest runs that end.
STEPS_MAX = 8_000


class Stopped(BaseException):
    """The process has died or was stopped: no code may catch it."""


class Endless(Exception):
    """A run has taken more steps than any that comes to an end."""


class Task(greenlet):
    """One run of some code in the cloud: under a role, until a deadline."""

    def __init__(
        self,
        hub: greenlet,
        name: str,
        role: str,
        body: Callable[[], Any],
        ended: Callable[["Task"], None],
    ) -> None:
        super().__init__(self._run, parent=hub)
        self.name = name
        self.role = role
        self.deadline = float("inf")
        self.stopped = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self.calls = 0
        self.slowness = 1.0
        self._body = body
        self._ended = ended

    def _run(self) -> None:
        try:
            self.result = self._body()
        except (Stopped, Exception) as error:
            self.failure = error
            self.stopped = True
        self._ended(self)


class Scheduler:
    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self.hub = getcurrent()
        self._heap: list[tuple[float, float, int, Action]] = []
        self._count = 0
        self._steps = 0

    def at(self, when: float, action: Action) -> None:
        self._count += 1
        heapq.heappush(self._heap, (when, self.rng.random(), self._count, action))

    def later(self, delay: float, action: Action) -> None:
        self.at(self.clock.seconds + delay, action)

    def step(self, until: float) -> bool:
        """Run the next action that is due by `until`; False when there is none.

        Raises Endless.
        """
        if not self._heap or self._heap[0][0] > until:
            return False
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise Endless
        when, _, _, action = heapq.heappop(self._heap)
        if when > self.clock.seconds:
            self.clock.seconds = when
        action()
        return True

    @property
    def waiting(self) -> int:
        return len(self._heap)

    def start(
        self,
        name: str,
        role: str,
        body: Callable[[], Any],
        ended: Callable[[Task], None],
        delay: float = 0.0,
        time_limit: float = float("inf"),
    ) -> Task:
        """Run `body` as a task of its own, `delay` from now."""
        task = Task(self.hub, name, role, body, ended)
        task.deadline = self.clock.seconds + delay + time_limit
        self.later(delay, task.switch)
        return task

    def pause(self, seconds: float) -> None:
        """Let others run; raises Stopped where the deadline comes first. Outside a task, nothing
        waits.
        """
        task = getcurrent()
        if not isinstance(task, Task):
            return
        if task.stopped:
            raise Stopped
        wakes = self.clock.seconds + seconds
        if wakes >= task.deadline:
            task.stopped = True
            wakes = max(task.deadline, self.clock.seconds)
        self.at(wakes, task.switch)
        self.hub.switch()
        if task.stopped:
            raise Stopped

    def wait_for(self, begin: Callable[[Callable[[Any], None]], None]) -> Any:
        """Start something from inside a task, and go on with what it gives to its callback."""
        task = getcurrent()
        answers: list[Any] = []

        def done(answer: Any) -> None:
            answers.append(answer)
            self.later(0.0, task.switch)

        begin(done)
        self.hub.switch()
        return answers[0]


def current_task() -> Task | None:
    """The run that asks; None in the simulator's own code."""
    task = getcurrent()
    return task if isinstance(task, Task) else None
