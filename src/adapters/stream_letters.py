"""Letters that name stream records: the rows are in their table, under the keys that the stream
still knows, or in the minutes that the letter names.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from adapters.items import from_item
from adapters.refusals import code_of
from domain.letters import Letter, Mended, StreamRange, stream_range

# Anything else, such as being throttled, passes: the letter waits for the next command.
_FORGOTTEN = {
    "TrimmedDataAccessException",
    "ResourceNotFoundException",
    "ExpiredIteratorException",
    "AccessDeniedException",
}

_PAGES_MAX = 100

type Key = dict[str, Any]


class Forgotten(Exception):
    """The stream does not have the records any more, or not for us."""


class StreamRecords:
    def __init__(self, client: Any) -> None:
        self._client = client

    def keys_in(self, named: StreamRange) -> list[Key]:
        """The keys of the rows that were put between two records, these included.

        Raises Forgotten: a stream keeps its records for a day.
        """
        try:
            return self._keys_in(named)
        except ClientError as error:
            if code_of(error) not in _FORGOTTEN:
                raise
            raise Forgotten(code_of(error)) from error

    def _keys_in(self, named: StreamRange) -> list[Key]:
        iterator = self._client.get_shard_iterator(
            StreamArn=named.stream_arn,
            ShardId=named.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=named.first,
        )["ShardIterator"]
        keys: list[Key] = []
        # A page may be empty without being the last one.
        for _ in range(_PAGES_MAX):
            answer = self._client.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                number = int(record["dynamodb"]["SequenceNumber"])
                if number <= int(named.last) and record["eventName"] == "INSERT":
                    keys.append(from_item(record["dynamodb"]["Keys"]))
                if number >= int(named.last):
                    return keys
            iterator = answer.get("NextShardIterator")
            if iterator is None:
                return keys
        raise Forgotten(f"the shard goes on without record {named.last}")


class StreamLetters:
    """`by_key` mends these rows, `by_time` whatever of that time needs it."""

    def __init__(
        self,
        records: StreamRecords,
        by_key: Callable[[list[Key], bool], Mended],
        by_time: Callable[[datetime, datetime, bool], Mended],
        margin: tuple[timedelta, timedelta],
    ) -> None:
        """`margin`: how much before and after its stream record a row may be dated."""
        self._records = records
        self._by_key = by_key
        self._by_time = by_time
        self._before, self._after = margin

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        named = stream_range(letter.body)
        try:
            keys = self._records.keys_in(named)
        except Forgotten:
            since, until = named.since - self._before, named.until + self._after
            mended = self._by_time(since, until, dry_run)
            return Mended(resent=mended.resent, settled=mended.settled, by_time=(since, until))
        return self._by_key(keys, dry_run)
