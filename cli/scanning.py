"""Reading tables from outside the functions: whole scans, and rows by key, as plain values."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

from adapters.items import from_item, to_item

type Row = dict[str, Any]

# DynamoDB gives at most a hundred items for one BatchGetItem.
_KEYS_MAX = 100
_SEGMENTS = 4


def scan(
    client: Any,
    table: str,
    *,
    only: str | None = None,
    values: Row | None = None,
    names: dict[str, str] | None = None,
    attributes: Iterable[str] = (),
) -> list[Row]:
    """All rows of a table, or those that satisfy the filter `only`; in no order.

    `attributes` are placed in the projection under names of their own, so reserved words are fine.
    """
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    aliases = dict(names or {})
    wanted = list(attributes)
    if wanted:
        aliases |= {f"#p{place}": name for place, name in enumerate(wanted)}
        request["ProjectionExpression"] = ", ".join(f"#p{place}" for place in range(len(wanted)))
    if only is not None:
        request["FilterExpression"] = only
        if values:
            request["ExpressionAttributeValues"] = to_item(values)
    if aliases:
        request["ExpressionAttributeNames"] = aliases
    with ThreadPoolExecutor(_SEGMENTS) as pool:
        segments = pool.map(
            lambda segment: list(_segment(client, request, segment)), range(_SEGMENTS)
        )
        return [row for rows in segments for row in rows]


def _segment(client: Any, request: Row, segment: int) -> Iterator[Row]:
    page = request | {"Segment": segment, "TotalSegments": _SEGMENTS}
    while True:
        answer = client.scan(**page)
        yield from (from_item(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        page = page | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def get_many(
    client: Any, table: str, keys: Iterable[Row], key_of: Callable[[Row], str]
) -> dict[str, Row]:
    """Rows by key, read strongly; `key_of` names each row in the answer."""
    found: dict[str, Row] = {}
    for some in batched(keys, _KEYS_MAX, strict=False):
        request: Any = {table: {"Keys": [to_item(key) for key in some], "ConsistentRead": True}}
        while request:
            answer = client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(table, []):
                row = from_item(item)
                found[key_of(row)] = row
            request = answer.get("UnprocessedKeys")
    return found


def query(client: Any, table: str, index: str | None, condition: str, values: Row) -> Iterator[Row]:
    """The rows of one partition, in the order of their range key."""
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": to_item(values),
    }
    if index is not None:
        request["IndexName"] = index
    while True:
        answer = client.query(**request)
        yield from (from_item(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
