"""A function that reads a stream waits for its batching window.

The engine stores `MaximumBatchingWindowInSeconds` of an event source mapping and invokes the
function with what there is. Here a mapping that has been served rests for its window, unless
another full batch waits: no record waits longer than the window for those behind it.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.core.responses import request_scope
from ministack.services import dynamodb as tables
from ministack.services import lambda_svc as engine

from .expecting import expect

_poll = engine._poll_dynamodb_streams


def mend() -> None:
    """Put the resting poller before the engine's own."""
    expect(
        {
            engine._poll_dynamodb_streams: "2b2460e933a9",
            engine._poll_loop: "6a443090919a",
            engine._iter_all_esms: "7db06c0627a5",
        }
    )
    engine._poll_dynamodb_streams = poll


def poll() -> bool:
    """One pass over the mappings; whether any has read its stream on."""
    before = {mapping["UUID"]: _place(mapping) for mapping in _windowed()}
    processed = bool(_poll())
    for mapping in _windowed():
        read = before.get(mapping["UUID"])
        if read is not None and _place(mapping) != read and not _full_batch_waits(mapping):
            _rest(mapping)
    return processed


def _windowed() -> Iterator[dict[str, Any]]:
    """The mappings of streams with a window, each in the scope of its account."""
    for account, region, mapping in engine._iter_all_esms():
        of_stream = ":dynamodb:" in mapping.get("EventSourceArn", "")
        if of_stream and mapping.get("MaximumBatchingWindowInSeconds"):
            with request_scope(account, region):
                yield mapping


def _place(mapping: dict[str, Any]) -> int | None:
    place = engine._dynamodb_stream_positions.get(mapping["UUID"])
    return None if place is None else int(place)


def _full_batch_waits(mapping: dict[str, Any]) -> bool:
    table = mapping["EventSourceArn"].split("/")[1]
    waiting = tables.stream_end_position(table) - (_place(mapping) or 0)
    return bool(waiting >= mapping.get("BatchSize", 100))


def _rest(mapping: dict[str, Any]) -> None:
    """The pause that the engine makes after a failure, made after a success."""
    window = float(mapping["MaximumBatchingWindowInSeconds"])
    engine._esm_backoff_until[mapping["UUID"]] = time.time() + window
    # The poller looks again when something happens; the end of the window is such a thing.
    alarm = threading.Timer(window, esm_wake.set)
    alarm.daemon = True
    alarm.start()
