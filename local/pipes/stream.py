"""Reading the shards of a DynamoDB stream from where the checkpoint stands."""

from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local import aws
from local.pipes.faults import InternalError
from local.pipes.record import Record, as_received, created_at, sequence_number

# What GetRecords gives at most is 1000; a page of this size keeps the pause between polls short.
PAGE = 200
LOST_PLACE = frozenset({"ExpiredIteratorException", "TrimmedDataAccessException"})
LATEST = "LATEST"


class Places(Protocol):
    """Where the reading of each shard has come to."""

    def of(self, shard_id: str) -> str | None:
        """The last settled sequence number."""


class Stream:
    """The open shards of one stream, parents before their children."""

    def __init__(
        self, client: Any, stream_arn: str, places: Places, since: float | None = None
    ) -> None:
        """`since`: leave out older records (LATEST means from the pipe's creation on)."""
        self._client = client
        self._arn = stream_arn
        self._places = places
        self._since = since
        self._iterators: dict[str, str | None] = {}

    def shards(self) -> list[str]:
        """The shards that may have records to read, in an order that keeps each key's order."""
        description = self._described()
        closed = {shard for shard, iterator in self._iterators.items() if iterator is None}
        waiting = [one for one in description if one["ShardId"] not in closed]
        unread = {one["ShardId"] for one in waiting}
        return [one["ShardId"] for one in waiting if one.get("ParentShardId") not in unread]

    def read(self, shard_id: str) -> list[Record]:
        """The next records of the shard; empty when there are none now, or no more."""
        iterator = self._iterators.get(shard_id) or self._iterator(shard_id)
        try:
            answer = self._client.get_records(ShardIterator=iterator, Limit=PAGE)
        except ClientError as error:
            if aws.code_of(error) in LOST_PLACE:
                self._iterators.pop(shard_id, None)
            raise InternalError(str(error)) from error
        except BotoCoreError as error:
            raise InternalError(str(error)) from error
        self._iterators[shard_id] = answer.get("NextShardIterator")
        return [
            record
            for raw in answer["Records"]
            if self._wanted(shard_id, record := as_received(raw, self._arn))
        ]

    def rewind(self) -> None:
        """Read on from the checkpoint, not from where the reading has come to."""
        self._iterators = {
            shard: iterator for shard, iterator in self._iterators.items() if iterator is None
        }

    def _wanted(self, shard_id: str, record: Record) -> bool:
        # A settled number that the stream no longer knows means reading from its beginning.
        settled = self._places.of(shard_id)
        if settled is not None and int(sequence_number(record)) <= int(settled):
            return False
        return self._since is None or created_at(record) >= self._since

    def _iterator(self, shard_id: str) -> str:
        settled = self._places.of(shard_id)
        try:
            if settled is not None:
                try:
                    return self._iterator_at(
                        shard_id, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=settled
                    )
                except ClientError as error:
                    if aws.code_of(error) not in LOST_PLACE:
                        raise
            return self._iterator_at(shard_id, ShardIteratorType="TRIM_HORIZON")
        except (ClientError, BotoCoreError) as error:
            raise InternalError(str(error)) from error

    def _iterator_at(self, shard_id: str, **position: str) -> str:
        answer = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard_id, **position)
        return str(answer["ShardIterator"])

    def _described(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        last: dict[str, str] = {}
        try:
            while True:
                page = self._client.describe_stream(StreamArn=self._arn, **last)[
                    "StreamDescription"
                ]
                shards += page["Shards"]
                if "LastEvaluatedShardId" not in page:
                    return shards
                last = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
        except (ClientError, BotoCoreError) as error:
            raise InternalError(str(error)) from error
