"""Services that only repairs speak to: functions and workflows started by hand, streams read anew,
the delivery stream and the topic.
"""

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tests.simulation.functions import FunctionFailed
from tests.simulation.services.database import refusal
from tests.simulation.services.mappings import Mappings, QueueFeed
from tests.simulation.services.streams import Reader, shard_name

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


class Lambda(Mappings):
    def __init__(self, run: "CloudRun", by_id: "Mapping[str, Reader | QueueFeed]") -> None:
        super().__init__(by_id)
        self._run = run

    def invoke(
        self,
        FunctionName: str,
        InvocationType: str = "RequestResponse",
        Payload: Any = None,
    ) -> Any:
        name = FunctionName.rpartition(":")[2]
        event = msgspec.json.decode(Payload) if isinstance(Payload, bytes | str) else Payload
        if InvocationType == "Event":
            self._run.functions.invoke(name, event, lambda _result, _error: None)
            return {"StatusCode": 202}
        try:
            answer = self._run.functions.ask(name, event)
        except FunctionFailed as failure:
            return {
                "StatusCode": 200,
                "FunctionError": "Unhandled",
                "Payload": _body({"errorMessage": str(failure)}),
            }
        return {"StatusCode": 200, "Payload": _body(answer)}


def _body(values: Any) -> io.BytesIO:
    """To be read once, as botocore gives it."""
    return io.BytesIO(json.dumps(values).encode())


class Workflows:
    def __init__(self, run: "CloudRun") -> None:
        self._run = run
        self._names = {spec.arn: name for name, spec in run.plan.machines.items()}

    def start_execution(self, stateMachineArn: str, input: str = "{}") -> Any:
        if stateMachineArn not in self._names:
            raise refusal("StateMachineDoesNotExist", "StartExecution")
        self._run.machines.start(self._names[stateMachineArn], json.loads(input))
        return {"executionArn": stateMachineArn}

    def start_sync_execution(self, stateMachineArn: str, input: str = "{}") -> Any:
        """The answer once the run has ended, however it did."""
        if stateMachineArn not in self._names:
            raise refusal("StateMachineDoesNotExist", "StartSyncExecution")
        ended = self._run.machines.ask(self._names[stateMachineArn], json.loads(input))
        if ended.status == "SUCCEEDED":
            return {"status": ended.status, "output": json.dumps(ended.output)}
        named = {"error": ended.error, "cause": ended.cause}
        return {"status": ended.status} | {name: text for name, text in named.items() if text}


class Delivery:
    def __init__(self, run: "CloudRun") -> None:
        self._run = run

    def put_record(self, DeliveryStreamName: str, Record: dict[str, Any]) -> Any:
        self._run.trail.append(DeliveryStreamName, Record["Data"].decode().rstrip("\n"))
        return {"RecordId": "1"}


class Topics:
    def __init__(self, run: "CloudRun") -> None:
        self._run = run

    def publish(self, TopicArn: str, Message: str) -> Any:
        self._run.told.append((TopicArn.rpartition(":")[2], Message))
        return {"MessageId": "1"}


class StreamReading:
    """What a stream still has of one shard."""

    def __init__(self, run: "CloudRun") -> None:
        self._run = run
        self._iterators: dict[str, tuple[str, str, int]] = {}

    def get_shard_iterator(
        self,
        StreamArn: str,
        ShardId: str,
        ShardIteratorType: str,
        SequenceNumber: str,
    ) -> Any:
        assert ShardIteratorType == "AT_SEQUENCE_NUMBER"
        name = f"{StreamArn}|{len(self._iterators)}"
        table = StreamArn.rpartition(":table/")[2].partition("/")[0]
        self._iterators[name] = (table, ShardId, int(SequenceNumber))
        return {"ShardIterator": name}

    def get_records(self, ShardIterator: str) -> Any:
        table, shard, first = self._iterators[ShardIterator]
        kept = [
            record
            for record in self._run.records_kept(table)
            if shard_name(record) == shard and int(record["dynamodb"]["SequenceNumber"]) >= first
        ]
        if not kept or int(kept[0]["dynamodb"]["SequenceNumber"]) != first:
            raise refusal("TrimmedDataAccessException", "GetRecords")
        return {"Records": kept}
