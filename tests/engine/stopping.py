"""Stopping parts of the running system, gently and not."""

import contextlib
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator

import local
from local import engine, folders, process_table, records, running
from tests.engine.live import Stack, eventually

# How long a running pipe may take to notice that it was stopped.
NOTICE_SECONDS = 1.0
REAPER_SECONDS = 0.1
# A function takes about a second to start.
OLDEST_SECONDS = 1.6
# The engine unpacks a function's code into a folder of its name.
FUNCTION = re.compile(r"ministack-lambda-\w+-(\w+)Function-")
# The queues that functions read.
WORK = ("Landing", "Enrich", "Post", "Notify")


class Pipe:
    """One of the two pipes, `Inbox` or `Journal`."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._stack = stack
        self._name = stack.system.output(f"{name}PipeName")

    @contextlib.contextmanager
    def losing_records(self) -> Iterator[None]:
        """What is written inside never passes the pipe, as if it had stood still for a day."""
        pipes = self._stack.client("pipes")
        pipes.stop_pipe(Name=self._name)
        time.sleep(NOTICE_SECONDS)
        try:
            yield
        finally:
            companion().stop(patience=10.0)
            self._pass_over(pipes.describe_pipe(Name=self._name)["Source"])
            pipes.start_pipe(Name=self._name)
            local.up()

    def _pass_over(self, stream: str) -> None:
        """Let the pipe begin behind everything that stands in its stream."""
        client = self._stack.client("dynamodbstreams")
        shards = client.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        last = {shard["ShardId"]: self._last(stream, shard["ShardId"]) for shard in shards}
        path = folders.inside(folders.CHECKPOINTS) / f"{self._name}.json"
        records.write(
            path, {"stream": stream, "shards": {name: at for name, at in last.items() if at}}
        )

    def _last(self, stream: str, shard: str) -> str:
        """The newest sequence number of the shard."""
        client = self._stack.client("dynamodbstreams")
        iterator = client.get_shard_iterator(
            StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        last = ""
        while True:
            page = client.get_records(ShardIterator=iterator)
            if not page["Records"]:
                return last
            last = page["Records"][-1]["dynamodb"]["SequenceNumber"]
            iterator = page["NextShardIterator"]


def companion() -> running.Running:
    """The process that carries the pipes."""
    found = running.recorded(folders.inside(folders.COMPANION_RECORD))
    assert found is not None
    return found[0]


def kill_companion() -> None:
    """kill -9, and wait until it is gone."""
    process = companion()
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not process.alive())


class Reaper:
    """Kills functions with -9, each some times, at any moment from their start to mid-batch."""

    def __init__(self, deaths_of_each: int, spared: frozenset[str]) -> None:
        self._deaths_of_each = deaths_of_each
        self._spared = spared
        self._dies_at: dict[int, float] = {}
        self._ending = threading.Event()
        self.died: list[str] = []

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join()

    def _run(self) -> None:
        while not self._ending.wait(REAPER_SECONDS):
            for pid, function in workers().items():
                moment = time.monotonic() + random.uniform(0.0, OLDEST_SECONDS)
                if time.monotonic() >= self._dies_at.setdefault(pid, moment):
                    self._kill(pid, function)

    def _kill(self, pid: int, function: str) -> None:
        if function in self._spared or self.died.count(function) >= self._deaths_of_each:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.died.append(function)


def workers() -> dict[int, str]:
    """The processes that run functions now, and which."""
    started = engine.process()
    assert started is not None
    children = [each.pid for each in process_table.listed() if each.parent == started.pid]
    found = ((pid, FUNCTION.search(process_table.command(pid))) for pid in children)
    return {pid: named[1] for pid, named in found if named}


def stop_engine() -> None:
    """A clean stop of everything, without waiting for the work under way."""
    companion().stop(patience=10.0)
    engine.stop()


@contextlib.contextmanager
def redelivery_after(stack: Stack, seconds: int) -> Iterator[None]:
    """What a dead function had in hand is delivered again soon, not after minutes."""
    sqs = stack.client("sqs")
    urls = [stack.system.output(f"{name}QueueUrl") for name in WORK]
    before = {}
    for url in urls:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        before[url] = attributes["Attributes"]["VisibilityTimeout"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
    try:
        yield
    finally:
        for url, visible_after in before.items():
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": visible_after})
