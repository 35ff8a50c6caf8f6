"""The Inbox table: every valid record as received, tokenised. Its stream is the way onward."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.batch_get import batch_get
from adapters.items import from_item, to_item
from adapters.refusals import standing_item
from domain import identity
from domain.errors import Unavailable
from domain.received import Received

BY_MINUTE = "by-minute"


class InboxTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def put(self, record: Received, expires_at: int) -> dict[str, Any] | None:
        """Receive a record. Returns None when written, else the row that stands under its
        ingest_id.

        `expires_at` is in epoch seconds. Raises Unavailable.
        """
        row = record.to_row() | {
            "received_minute": identity.minute_shard(record.received_at, record.ingest_id),
            "expires_at": expires_at,
        }
        try:
            self._client.put_item(
                TableName=self.table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(ingest_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            return None
        except ClientError as error:
            return standing_item(error)
        except BotoCoreError as error:
            raise Unavailable(f"no answer from the inbox: {type(error).__name__}") from error

    def get(self, ingest_id: str) -> dict[str, Any] | None:
        """The row as stored, read strongly."""
        answer = self._client.get_item(
            TableName=self.table, Key={"ingest_id": {"S": ingest_id}}, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, ingest_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Those of the rows that exist, read strongly."""
        return batch_get(self._client, self.table, [{"ingest_id": each} for each in ingest_ids])

    def received_in(self, minute: datetime) -> Iterator[str]:
        """The ingest_ids received in one minute (UTC), by the index."""
        told = minute.isoformat()[:16]
        for shard in range(identity.SHARDS):
            yield from self.received_under(f"{told}#{shard}")

    def received_under(self, minute_shard: str) -> Iterator[str]:
        """The ingest_ids under one key of the index."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": BY_MINUTE,
            "KeyConditionExpression": "received_minute = :minute",
            "ExpressionAttributeValues": {":minute": {"S": minute_shard}},
        }
        while True:
            answer = self._client.query(**request)
            yield from (item["ingest_id"]["S"] for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
