"""An index of rows whose time ends: by shard, the earliest first.

Rows whose times end at one moment lie apart: a key of an index takes a thousand writes a second.
"""

import zlib
from collections.abc import Iterator
from typing import Any

BY_DUE = "by-due"
DUE_SHARDS = 16


def due_shard_of(name: str) -> str:
    return f"{zlib.crc32(name.encode()) % DUE_SHARDS:02}"


def due_items(client: Any, table: str, shard: int, until: str) -> Iterator[dict[str, Any]]:
    """Items of this shard whose time ended by `until` (ISO, UTC), as stored."""
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": BY_DUE,
        "KeyConditionExpression": "due_shard = :shard AND due_at <= :until",
        "ExpressionAttributeValues": {":shard": {"S": f"{shard:02}"}, ":until": {"S": until}},
    }
    while True:
        answer = client.query(**request)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
