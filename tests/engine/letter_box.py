"""The queues of dead letters, and ways for a message to get there as AWS brings it."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.engine.live import Stack, eventually

# No stream knows this shard: as after the day that a stream keeps its records for.
FORGOTTEN_SHARD = "shardId-00000000000000000000-f0000000"


class LetterBox:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._sqs = stack.client("sqs")

    def url(self, queue: str) -> str:
        """By its name in the template, such as PostDeadLetters."""
        urls = self._stack.system.output("DeadLetterQueueUrls").split(",")
        return next(url for url in urls if queue in url)

    def count(self, queue: str) -> int:
        """The letters that lie there, in hand or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def plant(self, queue: str, body: Any, **attributes: str) -> str:
        """The letter's id. In a FIFO queue it is a group of its own."""
        url = self.url(queue)
        alone = str(uuid.uuid4())
        answer = self._sqs.send_message(
            QueueUrl=url,
            **(
                {"MessageGroupId": alone, "MessageDeduplicationId": alone}
                if url.endswith(".fifo")
                else {}
            ),
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
        return str(answer["MessageId"])

    def move(self, work: str, letters: str) -> None:
        """The next message of a work queue goes where it goes after ten receptions in vain."""
        message = self.take(work)
        self.plant(letters, message["Body"])

    def take(self, work: str) -> dict[str, Any]:
        """The next message of a work queue, lost to everybody else."""
        url = self._stack.system.output(f"{work}Url")
        found: list[dict[str, Any]] = []

        def came() -> bool:
            found.extend(self._sqs.receive_message(QueueUrl=url).get("Messages", []))
            return bool(found)

        eventually(came)
        self._sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return found[0]


def stream_letter(stack: Stack, table: str, since: datetime) -> Mapping[str, Any]:
    """What a pipe leaves of records that its stream has forgotten meanwhile."""
    described = stack.client("dynamodb").describe_table(TableName=stack.system.table(table))
    until = datetime.now(UTC) + timedelta(seconds=1)
    return {
        "context": {"condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "timestamp": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        "DDBStreamBatchInfo": {
            "shardId": FORGOTTEN_SHARD,
            "startSequenceNumber": "100000000000000000001",
            "endSequenceNumber": "100000000000000000002",
            "approximateArrivalOfFirstRecord": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "approximateArrivalOfLastRecord": f"{until:%Y-%m-%dT%H:%M:%SZ}",
            "batchSize": 2,
            "streamArn": described["Table"]["LatestStreamArn"],
        },
    }
