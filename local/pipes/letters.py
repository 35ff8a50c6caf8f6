"""Letters: what a pipe tells its dead-letter queue, in the documented form for streams."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import aws
from local.pipes.definition import Pipe
from local.pipes.faults import CustomerError, InternalError
from local.pipes.record import Record, created_at, sequence_number
from local.pipes.steps import Clients


def letter(
    pipe: Pipe, shard_id: str, records: list[Record], condition: str, now: float
) -> dict[str, Any]:
    """Where the records stand in their stream; what they hold is not told."""
    return {
        "context": {"partnerResourceArn": pipe.arn, "condition": condition},
        "version": "1.0",
        "timestamp": _iso(now),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": sequence_number(records[0]),
            "endSequenceNumber": sequence_number(records[-1]),
            "approximateArrivalOfFirstRecord": _iso(created_at(records[0])),
            "approximateArrivalOfLastRecord": _iso(created_at(records[-1])),
            "batchSize": len(records),
            "streamArn": pipe.source_arn,
        },
    }


class LetterQueue:
    """Sends letters for one shard under the pipe's role; without a queue they fall away."""

    def __init__(
        self, pipe: Pipe, shard_id: str, clients: Clients, now: Callable[[], float]
    ) -> None:
        self._pipe = pipe
        self._shard_id = shard_id
        self._clients = clients
        self._now = now

    def tell(self, records: list[Record], condition: str) -> None:
        """Send one letter for the run of records."""
        if self._pipe.letters_arn is None:
            return
        body = json.dumps(letter(self._pipe, self._shard_id, records, condition, self._now()))
        *_, account, queue = self._pipe.letters_arn.split(":")
        try:
            sqs = self._clients.client("sqs")
            # The address by form: the role may send to the queue, not look it up.
            url = f"{sqs.meta.endpoint_url}/{account}/{queue}"
            sqs.send_message(QueueUrl=url, MessageBody=body)
        except (ClientError, BotoCoreError) as error:
            if aws.code_of(error) in aws.STALE_SESSION:
                self._clients.forget()
            kind = InternalError if aws.is_repeatable(error) else CustomerError
            raise kind(str(error)) from error


def _iso(moment: float) -> str:
    return (
        datetime.fromtimestamp(moment, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
