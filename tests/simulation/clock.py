"""Virtual time, and everything in the handlers that would read the machine's own instead.

Time is seconds after START. Powertools reads `datetime` through a module name of its own, so that
name is exchanged there; the adapters read `adapters.clock.now` and sleep by `time.sleep`.
"""

import datetime as real
from types import SimpleNamespace

START = real.datetime(2026, 11, 20, 12, 0, tzinfo=real.UTC)
_EPOCH = START.timestamp()


class Clock:
    """One for a process: a run sets it back to the start."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._told = (0.0, START)

    def now(self) -> real.datetime:
        at, moment = self._told
        if at != self.seconds:
            moment = START + real.timedelta(seconds=self.seconds)
            self._told = (self.seconds, moment)
        return moment

    def epoch(self) -> float:
        return _EPOCH + self.seconds


def seconds_of(moment: real.datetime) -> float:
    """A moment in the simulation's own seconds."""
    return moment.timestamp() - _EPOCH


def datetime_module(clock: Clock) -> SimpleNamespace:
    """What stands for `import datetime as dt` in code that asks for the local time."""

    class Virtual(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> "Virtual":
            return cls.fromtimestamp(clock.epoch(), tz)

    return SimpleNamespace(datetime=Virtual, timedelta=real.timedelta, timezone=real.timezone)
