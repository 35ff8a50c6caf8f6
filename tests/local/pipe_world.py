"""In-memory services around a pipe, with the calls that the forwarder makes of them."""

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from local.pipes.definition import Pipe
from local.pipes.delivery import Delivery
from local.pipes.faults import Stopping
from local.pipes.letters import LetterQueue
from local.pipes.record import Record
from local.pipes.steps import Steps

NOON = 1_795_348_800
SHARD = "shardId-1"
STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/inbox/stream/2026-11-22T00:00:00.000"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/bus"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:enrich"
LETTERS = "arn:aws:sqs:us-east-1:000000000000:letters"

Enrichment = Callable[[list[Any]], Any]


def pipe(**changes: Any) -> Pipe:
    """A pipe with an enrichment that bisects, retries twice and has a letter queue."""
    given: dict[str, Any] = {
        "name": "pipe",
        "arn": "arn:aws:pipes:us-east-1:000000000000:pipe/pipe",
        "role_arn": "arn:aws:iam::000000000000:role/pipe",
        "source_arn": STREAM,
        "target_arn": BUS,
        "batch_size": 10,
        "retries": 2,
        "bisects": True,
        "letters_arn": LETTERS,
        "enrichment_arn": FUNCTION,
        "bus_parameters": {"DetailType": "Happened", "Source": "test"},
    }
    return Pipe(**(given | changes))


def record(number: int, name: str = "INSERT", at: int = NOON, **image: str) -> Record:
    """A stream record whose key is its number."""
    return {
        "eventID": f"e{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": {"pk": {"S": str(number)}},
            "NewImage": {"pk": {"S": str(number)}}
            | {key: {"S": value} for key, value in image.items()},
            "SequenceNumber": str(number),
            "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": STREAM,
    }


def keys(records: list[Record]) -> list[str]:
    """What an enrichment that adds nothing answers."""
    return [one["dynamodb"]["Keys"]["pk"]["S"] for one in records]


def service_error(code: str, status: int = 400) -> ClientError:
    """An error as the SDK raises it."""
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Call")


class World:
    """Lambda, EventBridge and SQS for one pipe, with a clock that moves only in pauses."""

    def __init__(self, enrich: Enrichment = keys) -> None:
        self.enrich = enrich
        # What the function answers instead, byte by byte.
        self.answer: bytes | None = None
        self.invoked: list[list[Any]] = []
        self.puts: list[list[dict[str, Any]]] = []
        self.letters: list[dict[str, Any]] = []
        self.bus_faults: list[Exception | set[int]] = []
        self.queue_faults: list[Exception] = []
        self.pauses: list[float] = []
        self.time = float(NOON)
        self.pauses_left = 1000
        self.sessions_forgotten = 0
        self.meta = SimpleNamespace(endpoint_url="http://engine")

    def client(self, service: str) -> Any:
        assert service in {"lambda", "events", "sqs"}
        return self

    def forget(self) -> None:
        self.sessions_forgotten += 1

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803
        assert (FunctionName, InvocationType) == (FUNCTION, "RequestResponse")
        records = json.loads(Payload)
        self.invoked.append(records)
        try:
            body = self.answer or json.dumps(self.enrich(records)).encode()
        except ValueError as error:
            told = json.dumps({"errorMessage": str(error)}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(told)}
        return {"Payload": io.BytesIO(body)}

    def put_events(self, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803
        fault = self.bus_faults.pop(0) if self.bus_faults else set()
        if isinstance(fault, Exception):
            raise fault
        self.puts.append(Entries)
        told = [
            {"ErrorCode": "NotAuthorized"} if place in fault else {}
            for place in range(len(Entries))
        ]
        return {"FailedEntryCount": len(fault), "Entries": told}

    def send_message(self, QueueUrl: str, MessageBody: str) -> Any:  # noqa: N803
        assert QueueUrl == "http://engine/000000000000/letters"
        if self.queue_faults:
            raise self.queue_faults.pop(0)
        self.letters.append(json.loads(MessageBody))

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.pauses_left -= 1
        if self.pauses_left < 0:
            raise Stopping
        self.pauses.append(seconds)
        self.time += seconds

    def on_bus(self) -> list[Any]:
        """The details that the bus took, in order."""
        return [json.loads(entry["Detail"]) for put in self.puts for entry in put]

    def lettered(self) -> list[tuple[str, str, str]]:
        """First and last sequence number of each letter, and its condition."""
        return [
            (
                one["DDBStreamBatchInfo"]["startSequenceNumber"],
                one["DDBStreamBatchInfo"]["endSequenceNumber"],
                one["context"]["condition"],
            )
            for one in self.letters
        ]

    def settle(self, records: list[Record], **changes: Any) -> Delivery:
        """Bring a batch to its end through a pipe with these changes."""
        wanted = pipe(**changes)
        letters = LetterQueue(wanted, SHARD, self, self.now)
        delivery = Delivery(wanted, Steps(wanted, self), letters, self)
        delivery.settle(records)
        return delivery
