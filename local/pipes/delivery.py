"""What becomes of a batch: carried through, retried, halved, or told to the letter queue."""

import logging
from typing import Protocol

from local.pipes.definition import ENDLESS, Pipe
from local.pipes.faults import CustomerError, InternalError, Stopping
from local.pipes.record import Record, created_at

logger = logging.getLogger(__name__)

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"
# The service backs off by amounts that it does not publish.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class Carrier(Protocol):
    """Enrichment and target."""

    def deliver(self, records: list[Record]) -> list[Record]:
        """Carry a batch through; give the records that the target did not take."""


class Letters(Protocol):
    """Where given-up records are told."""

    def tell(self, records: list[Record], condition: str) -> None:
        """Tell of a run of records, without what they hold."""


class Clock(Protocol):
    """Time, and a pause that ends early when the pipe stops."""

    def now(self) -> float:
        """Epoch seconds."""

    def pause(self, seconds: float) -> None:
        """Wait; raise `Stopping` when the pipe was stopped meanwhile."""


class Delivery:
    """Brings each batch to its end: when `settle` returns, every record is through or told."""

    def __init__(self, pipe: Pipe, carrier: Carrier, letters: Letters, clock: Clock) -> None:
        self._pipe = pipe
        self._carrier = carrier
        self._letters = letters
        self._clock = clock
        self.delivered = 0
        self.lettered = 0

    def settle(self, batch: list[Record]) -> None:
        """Carry the batch, whatever it takes; raises `Stopping` only, with nothing to take back."""
        remaining, attempts, pause = batch, 0, FIRST_PAUSE
        while remaining := self._young(remaining):
            try:
                missed = self._carrier.deliver(remaining)
            except InternalError as error:
                logger.warning("%s: again, uncounted: %s", self._pipe.name, error)
            except CustomerError as error:
                logger.warning("%s: %d records failed: %s", self._pipe.name, len(remaining), error)
                if self._pipe.bisects and len(remaining) > 1:
                    return self._halve(remaining)
                attempts += 1
            else:
                self.delivered += len(remaining) - len(missed)
                remaining, attempts = missed, attempts + 1
            if remaining and self._pipe.retries != ENDLESS and attempts > self._pipe.retries:
                return self._give_up(remaining, RETRIES_EXHAUSTED)
            if remaining:
                self._clock.pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        return None

    def _halve(self, records: list[Record]) -> None:
        """Each half is a batch of its own, in order, with its attempts counted from nothing."""
        middle = (len(records) + 1) // 2
        self.settle(records[:middle])
        self.settle(records[middle:])

    def _young(self, records: list[Record]) -> list[Record]:
        if self._pipe.age_seconds == ENDLESS:
            return records
        oldest = self._clock.now() - self._pipe.age_seconds
        old = [record for record in records if created_at(record) < oldest]
        if old:
            self._give_up(old, TOO_OLD)
        return [record for record in records if created_at(record) >= oldest]

    def _give_up(self, records: list[Record], condition: str) -> None:
        logger.error("%s: gave up %d records: %s", self._pipe.name, len(records), condition)
        pause = FIRST_PAUSE
        while True:
            try:
                self._letters.tell(records, condition)
                break
            except InternalError as error:
                logger.warning("%s: the letter waits: %s", self._pipe.name, error)
            except CustomerError as error:
                # Nobody else would ever hear of them: holding the shard is the lesser harm.
                logger.error("%s: the letter was refused: %s", self._pipe.name, error)
            self._clock.pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self.lettered += len(records)


__all__ = ["RETRIES_EXHAUSTED", "TOO_OLD", "Clock", "Delivery", "Stopping"]
