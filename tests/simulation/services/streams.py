"""Table streams and their readers: per-item order, batches, bisection, retries, letters.

A record goes to the shard of its item; each reader walks each shard by itself. Records of one
transaction may lie on several shards and so come apart, late, and in any order among each other.
"""

import json
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local.pipes.patterns import matches
from tests.simulation.clock import START

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Deliver = Callable[[list[dict[str, Any]], Callable[[bool], None]], None]

SHARDS = 2
RETENTION_SECONDS = 86_400.0
_BACKOFF_SECONDS_MAX = 60.0
_SHARD = "shardId-{:04d}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a reader takes records; what pipes and event source mappings have in common."""

    name: str
    table: str
    filters: tuple[dict[str, Any], ...]
    batch_size: int
    window_seconds: int
    bisect: bool
    max_retries: int
    max_age_seconds: int
    letters: str | None
    role: str


@dataclass(slots=True)
class Waiting:
    record: dict[str, Any]
    created: float
    visible_at: float
    poisoned: bool = False


class Reader:
    """`deliver` takes a batch and says, by a callback, whether it went well."""

    def __init__(self, run: "CloudRun", reading: Reading, deliver: Deliver) -> None:
        self.reading = reading
        self.enabled = True
        self.in_flight = 0
        self.gave_up: set[str] = set()
        self.taken: list[Waiting] = []
        self._run = run
        self._deliver = deliver
        self._shards: list[deque[Waiting]] = [deque() for _ in range(SHARDS)]
        self._busy = [False] * SHARDS
        self._stopped_until = 0.0

    @property
    def idle(self) -> bool:
        return not any(self._busy) and not any(self._shards)

    def offer(self, record: dict[str, Any]) -> None:
        """A new record on the stream."""
        filters = self.reading.filters
        if filters and not any(matches(each, record) for each in filters):
            return
        run, now = self._run, self._run.clock.seconds
        if run.hits("record trimmed", self.reading.name):
            run.note(f"{self.reading.name} never sees {record['eventID']}")
            self.gave_up.add(_key(record))
            return
        if run.hits("pipe stopped for a day", self.reading.name):
            self._stopped_until = now + RETENTION_SECONDS + 3600.0
        elif run.hits("pipe stopped", self.reading.name):
            self._stopped_until = now + run.faults.between(60.0, 3600.0)
        delay = run.rng.uniform(0.01, 0.6)
        if run.hits("late", f"stream of {self.reading.name}"):
            delay = run.faults.between(1.0, 120.0)
        shard = _shard_of(record)
        poisoned = run.hits("record poisoned", self.reading.name)
        self._shards[shard].append(Waiting(record, now, now + delay, poisoned))
        self._poke(shard, delay + self.reading.window_seconds)

    def again(self) -> None:
        """Everything that it has ever taken is delivered once more."""
        taken, self.taken = self.taken, []
        for waiting in taken:
            waiting.poisoned = False
        for at in range(0, len(taken), self.reading.batch_size):
            self._repeat(taken[at : at + self.reading.batch_size])

    def enable(self, on: bool) -> None:
        self.enabled = on
        if on:
            for shard in range(SHARDS):
                self._poke(shard, 0.1)

    def _poke(self, shard: int, delay: float) -> None:
        self._run.scheduler.later(delay, lambda: self._take(shard))

    def _take(self, shard: int) -> None:
        waiting, now = self._shards[shard], self._run.clock.seconds
        if self._busy[shard] or not self.enabled or not waiting:
            return
        if now < self._stopped_until:
            self._poke(shard, self._stopped_until - now + 0.01)
            return
        while waiting and waiting[0].created + RETENTION_SECONDS <= now:
            self._run.note(f"{waiting[0].record['eventID']} is trimmed before {self.reading.name}")
            self.gave_up.add(_key(waiting.popleft().record))
        batch: list[Waiting] = []
        while waiting and waiting[0].visible_at <= now and len(batch) < self.reading.batch_size:
            batch.append(waiting.popleft())
        if batch:
            self.taken += batch
            self._busy[shard] = True
            self._work(shard, deque([(batch, 0)]))
        elif waiting:
            self._poke(shard, waiting[0].visible_at - now + 0.001)

    def _work(self, shard: int, work: deque[tuple[list[Waiting], int]]) -> None:
        if not work:
            self._busy[shard] = False
            self._poke(shard, 0.0)
            return
        batch, tries = work.popleft()
        self.in_flight += 1

        def done(well: bool) -> None:
            self.in_flight -= 1
            if well:
                if self._run.hits("batch again", self.reading.name):
                    self._read_anew(shard, batch)
                self._work(shard, work)
            else:
                self._failed(shard, work, batch, tries)

        if any(each.poisoned for each in batch):
            # Whatever reads it fails, for as long as the reader tries.
            self._run.scheduler.later(0.1, lambda: done(False))
        else:
            self._deliver([each.record for each in batch], done)

    def _read_anew(self, shard: int, batch: list[Waiting]) -> None:
        """The same batch later, or the shard from an earlier place: then it is cut otherwise."""
        wait = self._run.faults.between(0.1, 900.0)
        if self._run.faults.below(2):
            self._run.scheduler.later(wait, lambda: self._repeat(batch))
        else:
            batch[0].visible_at = self._run.clock.seconds + wait / 10.0
            self._shards[shard].extendleft(reversed(batch))

    def _repeat(self, batch: Sequence[Waiting]) -> None:
        """The same records come another time, besides the reader's place on the shard."""
        if self.enabled:
            self.in_flight += 1
            self._deliver([each.record for each in batch], self._repeated)

    def _repeated(self, _well: bool) -> None:
        self.in_flight -= 1

    def _failed(
        self,
        shard: int,
        work: deque[tuple[list[Waiting], int]],
        batch: list[Waiting],
        tries: int,
    ) -> None:
        reading, now = self.reading, self._run.clock.seconds
        if len(batch) > 1 and reading.bisect:
            middle = len(batch) // 2
            work.appendleft((batch[middle:], tries))
            work.appendleft((batch[:middle], tries))
            self._run.scheduler.later(0.2, lambda: self._work(shard, work))
            return
        aged = 0 <= reading.max_age_seconds < now - batch[0].created
        if aged or 0 <= reading.max_retries <= tries:
            self.write_letter(shard, batch)
            self._work(shard, work)
            return
        work.appendleft((batch, tries + 1))
        wait = min(0.5 * 2**tries, _BACKOFF_SECONDS_MAX)
        self._run.scheduler.later(wait, lambda: self._work(shard, work))

    def write_letter(self, shard: int, batch: Sequence[Waiting]) -> None:
        """Names of records, never their content."""
        if self.reading.letters is None:
            self._run.note(f"{self.reading.name} forgets {len(batch)} records")
            return
        self.gave_up |= {_key(each.record) for each in batch}
        numbers = [each.record["dynamodb"]["SequenceNumber"] for each in batch]
        letter = {
            "version": "1.0",
            "timestamp": self._run.clock.now().isoformat(),
            "DDBStreamBatchInfo": {
                "shardId": _SHARD.format(shard),
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
                "approximateArrivalOfFirstRecord": _moment(batch[0]),
                "approximateArrivalOfLastRecord": _moment(batch[-1]),
                "batchSize": len(batch),
                "streamArn": self._run.plan.tables[self.reading.table].stream_arn,
            },
        }
        self._run.leave_letter(self.reading.role, self.reading.letters, json.dumps(letter))


def _moment(waiting: Waiting) -> str:
    return (START + timedelta(seconds=waiting.created)).isoformat()


def _key(record: dict[str, Any]) -> str:
    """The partition key: an ingest id, a header's id."""
    return str(next(iter(record["dynamodb"]["Keys"].values()))["S"])


def shard_name(record: dict[str, Any]) -> str:
    return _SHARD.format(_shard_of(record))


def _shard_of(record: dict[str, Any]) -> int:
    keys = record["dynamodb"]["Keys"]
    return zlib.crc32("|".join(str(keys[name]["S"]) for name in keys).encode()) % SHARDS
