"""The loop of one pipe: read, filter, gather, carry, remember."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local.pipes.batching import Batches
from local.pipes.definition import Pipe
from local.pipes.delivery import Delivery
from local.pipes.faults import InternalError, Stopping
from local.pipes.patterns import matches_any
from local.pipes.record import Record, sequence_number

logger = logging.getLogger(__name__)

# The service looks into a shard about four times a second; what came meanwhile is one batch.
POLL_SECONDS = 0.25
FAULT_PAUSE = 1.0
# How long a shard list stays good: a stream gets a new shard every four hours.
SHARDS_SECONDS = 30.0
STATE_SECONDS = 0.5


class Switch:
    """Whether the pipe should run: asked of the engine now and then, and of the process always."""

    def __init__(self, running: Callable[[], bool], ending: threading.Event) -> None:
        self._running = running
        self._ending = ending
        self._known = True
        self._asked = float("-inf")

    def on(self) -> bool:
        """Whether records may be carried now."""
        if time.monotonic() - self._asked > STATE_SECONDS:
            self._known = self._running()
            self._asked = time.monotonic()
        return self._known and not self._ending.is_set()

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Wait between two attempts; raise `Stopping` when the pipe was stopped meanwhile."""
        if self._ending.wait(seconds) or not self.on():
            raise Stopping


class Source(Protocol):
    """What the loop needs of a stream."""

    def shards(self) -> list[str]:
        """The shards to read."""

    def read(self, shard_id: str) -> list[Record]:
        """The next records of a shard, in order."""

    def rewind(self) -> None:
        """Read on from the checkpoint."""


class Notes(Protocol):
    """What the loop needs of a checkpoint."""

    def settled(self, shard_id: str, sequence: str) -> None:
        """Everything of the shard up to this number is through or told."""


@dataclass(frozen=True, slots=True)
class Shard:
    """What is under way in one shard."""

    batches: Batches
    delivery: Delivery


class Forwarder:
    """Carries one pipe's records until it is told to end."""

    def __init__(
        self,
        pipe: Pipe,
        source: Source,
        notes: Notes,
        switch: Switch,
        delivery_for: Callable[[str], Delivery],
    ) -> None:
        self._pipe = pipe
        self._source = source
        self._notes = notes
        self._switch = switch
        self._delivery_for = delivery_for
        self._shards: dict[str, Shard] = {}
        self._listed_at = float("-inf")
        self.idle_since: float | None = None

    def run(self, ending: threading.Event) -> None:
        """Poll until the process ends; faults of the way to the engine are waited out."""
        while not ending.is_set():
            began = time.monotonic()
            try:
                worked = self._switch.on() and self.turn()
            except Stopping:
                self._begin_again()
                continue
            except InternalError as error:
                logger.warning("%s: waiting for the stream: %s", self._pipe.name, error)
                self._begin_again()
                ending.wait(FAULT_PAUSE)
                continue
            if not worked:
                self._note_idleness()
            ending.wait(max(0.0, began + POLL_SECONDS - time.monotonic()))

    def turn(self) -> bool:
        """One round over the shards; whether there was anything to do."""
        self._list_shards()
        return any([self._turn_of(shard_id, shard) for shard_id, shard in self._shards.items()])

    def counts(self) -> dict[str, int]:
        """Records carried and records told to the letter queue since the start."""
        deliveries = [shard.delivery for shard in self._shards.values()]
        return {
            "delivered": sum(one.delivered for one in deliveries),
            "letters": sum(one.lettered for one in deliveries),
        }

    def _turn_of(self, shard_id: str, shard: Shard) -> bool:
        records = self._source.read(shard_id)
        if records:
            self.idle_since = None
        wanted = [one for one in records if matches_any(self._pipe.filters, one)]
        shard.batches.add(wanted, time.monotonic())
        while batch := shard.batches.ready(time.monotonic()):
            shard.delivery.settle(batch)
            self._notes.settled(shard_id, sequence_number(batch[-1]))
        if records and not shard.batches.waiting:
            self._notes.settled(shard_id, sequence_number(records[-1]))
        return bool(records)

    def _list_shards(self) -> None:
        if time.monotonic() - self._listed_at < SHARDS_SECONDS:
            return
        self._shards = {
            shard_id: self._shards.get(shard_id) or self._new_shard(shard_id)
            for shard_id in self._source.shards()
        }
        self._listed_at = time.monotonic()

    def _new_shard(self, shard_id: str) -> Shard:
        pipe = self._pipe
        batches = Batches(pipe.batch_size, pipe.window_seconds)
        return Shard(batches, self._delivery_for(shard_id))

    def _begin_again(self) -> None:
        """What was read and not settled is read again."""
        self._source.rewind()
        self._shards = {
            shard_id: Shard(Batches(self._pipe.batch_size, self._pipe.window_seconds), one.delivery)
            for shard_id, one in self._shards.items()
        }

    def _note_idleness(self) -> None:
        waiting = any(shard.batches.waiting for shard in self._shards.values())
        self.idle_since = None if waiting else self.idle_since or time.time()
