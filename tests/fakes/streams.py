"""The streams of the tables in memory: one shard each, read two records a page."""

from typing import Any

from tests.fakes.dynamodb import MemoryDynamoDB
from tests.fakes.services import refusal

SHARD = "shard-1"
_PAGE = 2


class MemoryStreams:
    """`trimmed`: a day has passed, and the streams keep nothing any more."""

    def __init__(self, dynamodb: MemoryDynamoDB) -> None:
        self._dynamodb = dynamodb
        self.trimmed = False

    def get_shard_iterator(
        self, *, StreamArn: str, ShardId: str, ShardIteratorType: str, SequenceNumber: str
    ) -> Any:
        assert (ShardId, ShardIteratorType) == (SHARD, "AT_SEQUENCE_NUMBER")
        numbers = [each["dynamodb"]["SequenceNumber"] for each in self._records(StreamArn)]
        if self.trimmed or SequenceNumber not in numbers:
            raise refusal("TrimmedDataAccessException", "GetShardIterator")
        return {"ShardIterator": f"{StreamArn}|{numbers.index(SequenceNumber)}"}

    def get_records(self, *, ShardIterator: str) -> Any:
        arn, _, at = ShardIterator.partition("|")
        start = int(at)
        return {
            "Records": self._records(arn)[start : start + _PAGE],
            "NextShardIterator": f"{arn}|{start + _PAGE}",
        }

    def _records(self, arn: str) -> list[dict[str, Any]]:
        """`arn` ends in table/NAME/stream/WHEN."""
        return self._dynamodb.tables[arn.split("/")[1]].stream
