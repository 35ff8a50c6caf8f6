"""What goes wrong, drawn from a random stream of its own.

Each fault that is drawn gets the next number; a run may be repeated with only some of the numbers
let happen, which is how a failing run is made small.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass

# How likely each fault is at one place where it may happen, in an ordinary run.
RATES = {
    # at an AWS call
    "crash before": 0.005,
    "crash after": 0.008,
    "throttle": 0.015,
    "lost reply": 0.008,
    "sent twice": 0.006,
    "conflict": 0.03,
    "unprocessed": 0.05,
    "short page": 0.10,
    "stale read": 0.02,
    # at an entry of PutEvents
    "entry refused": 0.02,
    # at a delivery
    "doubled": 0.05,
    "late": 0.04,
    "very late": 0.006,
    "reordered": 0.05,
    "visible again": 0.03,
    "target throttled": 0.01,
    "target down": 0.012,
    "run twice": 0.03,
    "run cut off": 0.02,
    "slow function": 0.004,
    "record trimmed": 0.008,
    "record poisoned": 0.008,
    "late in the index": 0.02,
    "pipe stopped": 0.004,
    "pipe stopped for a day": 0.0005,
    "batch again": 0.03,
    "caller repeats": 0.05,
    "notice twice": 0.2,
}
_BUDGET = 25
_FAVOURED = 10


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that was drawn: its number, what, and where and when it happened."""

    number: int
    kind: str
    place: str
    at: float

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} at {self.place} ({self.at:.2f} s)"


class Faults:
    """`only` lets just these numbers happen. Each seed favours some kinds, so that rare ones get
    runs in which they are frequent.
    """

    def __init__(self, rng: random.Random, only: Collection[int] | None = None) -> None:
        self._rng = rng
        self._only = None if only is None else frozenset(only)
        self.drawn: list[Fired] = []
        self.on = True
        self._rates = _mixed(rng)

    def favour(self, kinds: Collection[str]) -> None:
        """Make these frequent, whatever the seed says."""
        self._rates |= {kind: RATES[kind] * _FAVOURED for kind in kinds}

    def hits(self, kind: str, place: str, at: float, times: float = 1.0) -> bool:
        """Whether this goes wrong here and now."""
        if not self.on or self._rng.random() >= self._rates[kind] * times:
            return False
        if len(self.drawn) >= _BUDGET:
            return False
        fired = Fired(len(self.drawn), kind, place, at)
        self.drawn.append(fired)
        return self._only is None or fired.number in self._only

    def one_of(
        self, kinds: tuple[str, ...], place: str, at: float, times: float = 1.0
    ) -> str | None:
        """At most one of these faults, by one draw."""
        if not self.on:
            return None
        drawn = self._rng.random()
        for kind in kinds:
            rate = self._rates[kind] * times
            if drawn < rate:
                if len(self.drawn) >= _BUDGET:
                    return None
                fired = Fired(len(self.drawn), kind, place, at)
                self.drawn.append(fired)
                return kind if self._only is None or fired.number in self._only else None
            drawn -= rate
        return None

    @property
    def happened(self) -> list[Fired]:
        """Those that were let happen."""
        return [each for each in self.drawn if self._only is None or each.number in self._only]

    def between(self, low: float, high: float) -> float:
        return self._rng.uniform(low, high)

    def below(self, bound: int) -> int:
        return self._rng.randrange(bound)


def _mixed(rng: random.Random) -> dict[str, float]:
    """A little of everything, much of a few kinds and nothing else, or nothing at all."""
    kind_of_run = rng.random()
    if kind_of_run < 0.05:
        return dict.fromkeys(RATES, 0.0)
    if kind_of_run < 0.4:
        return dict(RATES)
    return {kind: rate * rng.choice((0, 0, 1, 1, 6)) for kind, rate in RATES.items()}
