"""A rule reaches a delivery stream.

The engine's bus knows no such target, and its delivery streams make an object of each record. Here
the events of such a target are gathered, as a delivery stream gathers them, and put into it one on
a line, if the role of the rule's target may.
"""

import base64
import json
import logging
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator as permissions
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge as engine
from ministack.services import firehose

from .expecting import expect

logger = logging.getLogger("events")

GATHER_SECONDS = 1.0
# A record of a delivery stream holds 1,000 KB at most.
RECORD_BYTES = 900_000
TRANSFORMED = ("Input", "InputPath", "InputTransformer")

_invoke = engine._invoke_target


@dataclass(frozen=True, slots=True)
class Way:
    """From a rule's target to its stream, in the scope of its account."""

    account: str
    region: str
    stream_arn: str
    role_arn: str


class Trails:
    """What is gathered for each way, put into the streams by a thread of its own."""

    def __init__(self) -> None:
        self._gathered: dict[Way, list[bytes]] = defaultdict(list)
        self._gathering = threading.Lock()
        self._putting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pause = threading.Event()

    def add(self, way: Way, event: str) -> None:
        """Gather one event."""
        with self._gathering:
            self._gathered[way].append(event.encode() + b"\n")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="trails", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Put everything gathered into its stream; what a stream does not take stays."""
        with self._putting:
            with self._gathering:
                gathered, self._gathered = self._gathered, defaultdict(list)
            for way, lines in gathered.items():
                left = _put(way, lines)
                if left:
                    with self._gathering:
                        self._gathered[way][:0] = left

    def _run(self) -> None:
        while not self._pause.wait(GATHER_SECONDS):
            try:
                self.flush()
            except Exception:
                logger.exception("the trails were not put into their streams")


trails = Trails()


def mend() -> None:
    """Put the way to a delivery stream before the engine's own targets."""
    expect(
        {
            engine._invoke_target: "550e304af080",
            engine._pattern_event_view: "a472224bb7b0",
            firehose._put_record_batch: "5e868d2aec51",
            firehose._put_s3_object: "f96f3d026aa2",
            permissions.EvalContext: "f5769904b3fa",
            permissions._gather_role_policies: "d83d1661b865",
        }
    )
    engine._invoke_target = invoke_target


def invoke_target(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
    """Deliver an event to a rule's target."""
    to_stream = ":firehose:" in target.get("Arn", "") and target.get("RoleArn")
    if not to_stream or any(name in target for name in TRANSFORMED):
        _invoke(target, event, rule, view)
        return
    way = Way(get_account_id(), get_region(), target["Arn"], target["RoleArn"])
    whole = view or engine._pattern_event_view(event)
    trails.add(way, json.dumps(whole.event_with_detail()))


def _put(way: Way, lines: list[bytes]) -> list[bytes]:
    """Put lines into a stream in few records; give those that it did not take."""
    with request_scope(way.account, way.region):
        if not _permitted(way):
            logger.warning("%s may not write to %s", way.role_arn, way.stream_arn)
            return lines
        while lines:
            count = _fitting(lines)
            if not _taken(way, b"".join(lines[:count])):
                return lines
            lines = lines[count:]
    return []


def _taken(way: Way, record: bytes) -> bool:
    status, _, body = firehose._put_record_batch(
        {
            "DeliveryStreamName": way.stream_arn.rpartition("/")[2],
            "Records": [{"Data": base64.b64encode(record).decode()}],
        }
    )
    if status < 400 and not json.loads(body)["FailedPutCount"]:
        return True
    logger.warning("%s did not take what a rule sent: %s", way.stream_arn, body)
    return False


def _fitting(lines: list[bytes]) -> int:
    """How many of the first lines one record holds; one at least."""
    size = 0
    for count, line in enumerate(lines):
        size += len(line)
        if size > RECORD_BYTES:
            return max(count, 1)
    return len(lines)


def _permitted(way: Way) -> bool:
    role_name = way.role_arn.rpartition("/")[2]
    asked = permissions.EvalContext(
        principal_arn=way.role_arn,
        principal_type="AssumedRole",
        principal_account=way.account,
        action="firehose:PutRecordBatch",
        resource_arn=way.stream_arn,
        region=way.region,
        service_context={},
        principal_keys={},
    )
    granted = permissions._gather_role_policies(role_name, way.account)
    return bool(permissions.evaluate(asked, granted).decision == "Allow")
