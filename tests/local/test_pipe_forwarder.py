import base64
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from local.pipes.batching import Batches
from local.pipes.checkpoints import Checkpoint
from local.pipes.delivery import Delivery
from local.pipes.faults import InternalError
from local.pipes.forwarder import Forwarder, Switch
from local.pipes.letters import LetterQueue
from local.pipes.record import as_received
from local.pipes.steps import Steps
from local.pipes.stream import Stream
from tests.local.pipe_world import NOON, SHARD, STREAM, World, pipe, record, service_error

INSERTS = ({"eventName": ["INSERT"]},)


class MemoryStream:
    """DynamoDB Streams with its own paging: two records a page, two shards a page."""

    def __init__(self, **shards: list[dict[str, Any]]) -> None:
        self.shards = shards
        self.parents: dict[str, str] = {}
        self.closed: set[str] = set()
        self.faults: list[Exception] = []
        self.trimmed = 0

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> Any:  # noqa: N803
        assert StreamArn == STREAM
        names = list(self.shards)
        start = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        page = names[start : start + 2]
        shards = [
            {"ShardId": name}
            | ({"ParentShardId": self.parents[name]} if name in self.parents else {})
            for name in page
        ]
        more = {"LastEvaluatedShardId": page[-1]} if start + 2 < len(names) else {}
        return {"StreamDescription": {"Shards": shards} | more}

    def get_shard_iterator(
        self,
        StreamArn: str,  # noqa: N803
        ShardId: str,  # noqa: N803
        ShardIteratorType: str,  # noqa: N803
        SequenceNumber: str = "",  # noqa: N803
    ) -> Any:
        assert StreamArn == STREAM
        numbers = [one["dynamodb"]["SequenceNumber"] for one in self.shards[ShardId]]
        if ShardIteratorType == "TRIM_HORIZON":
            return {"ShardIterator": f"{ShardId}/{self.trimmed}"}
        if SequenceNumber not in numbers[self.trimmed :]:
            raise service_error("TrimmedDataAccessException")
        return {"ShardIterator": f"{ShardId}/{numbers.index(SequenceNumber) + 1}"}

    def get_records(self, ShardIterator: str, Limit: int) -> Any:  # noqa: N803
        assert Limit <= 1000
        if self.faults:
            raise self.faults.pop(0)
        shard, place = ShardIterator.rsplit("/", 1)
        page = self.shards[shard][int(place) : int(place) + 2]
        end = int(place) + len(page)
        done = shard in self.closed and end == len(self.shards[shard])
        following = {} if done else {"NextShardIterator": f"{shard}/{end}"}
        return {
            "Records": [{k: v for k, v in one.items() if k != "eventSourceARN"} for one in page]
        } | following


class Scene:
    """A forwarder over memory services, with its checkpoint in a folder."""

    def __init__(self, folder: Path, stream: MemoryStream, world: World, **changes: Any) -> None:
        self.folder = folder
        self.running = True
        self.pipe = pipe(**changes)
        self.checkpoint = Checkpoint("pipe", STREAM, folder)
        self.ending = threading.Event()
        self.switch = Switch(lambda: self.running, self.ending)

        def delivery_for(shard_id: str) -> Delivery:
            letters = LetterQueue(self.pipe, shard_id, world, world.now)
            return Delivery(self.pipe, Steps(self.pipe, world), letters, world)

        source = Stream(stream, STREAM, self.checkpoint)
        self.forwarder = Forwarder(self.pipe, source, self.checkpoint, self.switch, delivery_for)

    def carry(self) -> None:
        """Turn until there is nothing left to do."""
        while self.forwarder.turn():
            continue


def test_every_record_that_passes_the_filter_is_carried_in_order(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(
        **{SHARD: [record(1), record(2, "MODIFY"), record(3), record(4), record(5)]}
    )

    Scene(tmp_path, stream, world, filters=INSERTS).carry()

    assert world.on_bus() == ["1", "3", "4", "5"]


def test_a_batch_is_never_larger_than_the_pipe_says(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(**{SHARD: [record(number) for number in range(1, 6)]})

    Scene(tmp_path, stream, world, batch_size=1).carry()

    assert [len(batch) for batch in world.invoked] == [1] * 5


def test_a_restart_goes_on_after_the_last_settled_record(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(**{SHARD: [record(1), record(2)]})
    Scene(tmp_path, stream, world).carry()
    stream.shards[SHARD] += [record(3)]

    Scene(tmp_path, stream, world).carry()

    assert world.on_bus() == ["1", "2", "3"]


def test_filtered_records_at_the_end_are_not_read_again(tmp_path: Path) -> None:
    stream = MemoryStream(**{SHARD: [record(1), record(2, "REMOVE")]})
    scene = Scene(tmp_path, stream, World(), filters=INSERTS)

    scene.carry()

    assert scene.checkpoint.of(SHARD) == "2"


def test_a_crash_before_the_note_delivers_again_rather_than_not(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(**{SHARD: [record(1)]})
    crashed = Scene(tmp_path, stream, world)
    crashed.checkpoint.settled = lambda *_given: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        crashed.carry()

    Scene(tmp_path, stream, world).carry()

    assert world.on_bus() == ["1", "1"]


def test_a_stopped_pipe_carries_nothing_and_goes_on_when_it_runs_again(tmp_path: Path) -> None:
    world = World()
    scene = Scene(tmp_path, MemoryStream(**{SHARD: [record(1)]}), world)
    scene.running = False
    thread = threading.Thread(target=scene.forwarder.run, args=(scene.ending,))
    thread.start()
    scene.ending.wait(0.3)
    before = world.on_bus()

    scene.running = True
    scene.ending.wait(1.0)
    scene.ending.set()
    thread.join()

    assert before == []
    assert world.on_bus() == ["1"]


def test_a_lost_way_to_the_stream_is_waited_out(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(**{SHARD: [record(1)]})
    stream.faults = [service_error("InternalServerError", 500)]
    scene = Scene(tmp_path, stream, world)

    with pytest.raises(InternalError):
        scene.carry()
    scene.carry()

    assert world.on_bus() == ["1"]


def test_a_place_that_the_stream_forgot_means_reading_from_its_beginning(tmp_path: Path) -> None:
    world = World()
    Checkpoint("pipe", STREAM, tmp_path).settled(SHARD, "2")
    stream = MemoryStream(**{SHARD: [record(number) for number in range(1, 5)]})
    stream.trimmed = 2

    Scene(tmp_path, stream, world).carry()

    assert world.on_bus() == ["3", "4"]


def test_an_expired_iterator_is_replaced(tmp_path: Path) -> None:
    world = World()
    stream = MemoryStream(**{SHARD: [record(1), record(2), record(3)]})
    scene = Scene(tmp_path, stream, world)
    scene.forwarder.turn()
    stream.faults = [service_error("ExpiredIteratorException")]
    with pytest.raises(InternalError):
        scene.carry()

    scene.carry()

    assert world.on_bus() == ["1", "2", "3"]


def test_a_child_shard_is_read_only_after_its_parent(tmp_path: Path) -> None:
    stream = MemoryStream(parent=[record(1)], other=[record(9)], child=[record(2)])
    stream.parents = {"child": "parent"}
    stream.closed = {"parent"}
    source = Stream(stream, STREAM, Checkpoint("pipe", STREAM, tmp_path))

    before = source.shards()
    source.read("parent")

    assert before == ["parent", "other"]
    assert source.shards() == ["other", "child"]


def test_latest_means_from_the_pipes_creation_on(tmp_path: Path) -> None:
    stream = MemoryStream(**{SHARD: [record(1, at=NOON - 10), record(2, at=NOON)]})
    source = Stream(stream, STREAM, Checkpoint("pipe", STREAM, tmp_path), since=NOON)

    assert [one["eventID"] for one in source.read(SHARD)] == ["e2"]


def test_a_stream_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    Checkpoint("pipe", STREAM, tmp_path).settled(SHARD, "9")

    assert Checkpoint("pipe", f"{STREAM}-new", tmp_path).of(SHARD) is None
    assert Checkpoint("pipe", STREAM, tmp_path).of(SHARD) == "9"


def test_a_batch_waits_for_its_window_unless_it_is_full() -> None:
    batches = Batches(size=2, window_seconds=5)
    batches.add([record(1)], now=0)

    assert batches.ready(now=4) == []
    assert batches.ready(now=5) == [record(1)]
    batches.add([record(2), record(3), record(4)], now=6)
    assert batches.ready(now=6) == [record(2), record(3)]
    assert batches.ready(now=6) == []
    assert batches.waiting


def test_a_record_is_received_with_bytes_in_base64_and_times_in_seconds() -> None:
    raw = {
        "eventID": "e",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 11, 22, 12, tzinfo=UTC),
            "NewImage": {"b": {"B": b"\x00\x01"}, "l": {"L": [{"B": b"\x02"}]}},
        },
    }

    received = as_received(raw, STREAM)

    assert received["eventSourceARN"] == STREAM
    assert received["dynamodb"]["ApproximateCreationDateTime"] == NOON
    assert base64.b64decode(received["dynamodb"]["NewImage"]["b"]["B"]) == b"\x00\x01"
    assert received["dynamodb"]["NewImage"]["l"]["L"] == [{"B": "Ag=="}]


def test_a_shard_is_looked_into_four_times_a_second(tmp_path: Path) -> None:
    stream = MemoryStream(**{SHARD: [record(number) for number in range(1, 5)]})
    scene = Scene(tmp_path, stream, World())
    looks: list[float] = []
    turn = scene.forwarder.turn

    def counted() -> bool:
        looks.append(time.monotonic())
        if len(looks) == 4:
            scene.ending.set()
        return turn()

    scene.forwarder.turn = counted  # type: ignore[method-assign]
    scene.forwarder.run(scene.ending)

    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert len(pauses) == 3
    assert min(pauses) > 0.2
