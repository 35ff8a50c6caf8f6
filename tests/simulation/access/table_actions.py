"""The actions behind calls on tables and their streams.

DynamoDB asks for a table's key in the caller's name, to decrypt only: the key that encrypts the
rows was made with the table.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.simulation.access.needs import NOTHING_KNOWN, Call, Need, Needs, through
from tests.simulation.plan import Plan, TableSpec
from tests.simulation.reading.refusal import NotUnderstood

LEADING_KEYS = "dynamodb:LeadingKeys"
# `hash = :value`, with or without a name to fill in.
EQUALITY = re.compile(r"([\w.#-]+)\s*=\s*(:\w+)")

# Calls about one item, and where they name it.
ITEM_CALLS = {"GetItem": "Key", "PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
# A transaction asks for the action of each of its parts.
PARTS = {
    "ConditionCheck": ("dynamodb:ConditionCheckItem", "Key"),
    "Delete": ("dynamodb:DeleteItem", "Key"),
    "Get": ("dynamodb:GetItem", "Key"),
    "Put": ("dynamodb:PutItem", "Item"),
    "Update": ("dynamodb:UpdateItem", "Key"),
}
STREAM_CALLS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")


# What a call touches, by table: an index, or the kind of a part.
type Places = tuple[tuple[str, str], ...]


def places_of(call: Call) -> Places:
    """Empty for a call that is on no table."""
    if "TableName" in call:
        return ((call["TableName"], call.get("IndexName", "")),)
    if "TransactItems" in call:
        parts = [*map(_part, call["TransactItems"])]
        return tuple(dict.fromkeys(parts))
    return tuple([(name, "") for name in call.get("RequestItems", ())])


def _part(action: Mapping[str, Any]) -> tuple[str, str]:
    ((kind, request),) = action.items()
    return request["TableName"], kind


class TableActions:
    def __init__(self, plan: Plan) -> None:
        self._tables = plan.tables
        self._streams = {table.stream_arn: table for table in plan.tables.values()}

    def operations(self) -> dict[str, Callable[[Call], Needs]]:
        return {
            **{name: partial(self._of_item, name) for name in ITEM_CALLS},
            **{name: partial(self._of_stream, name) for name in STREAM_CALLS},
            "BatchGetItem": self._batch_get,
            "BatchWriteItem": self._batch_write,
            "Query": self._query,
            "Scan": self._scan,
            "TransactGetItems": self._transaction,
            "TransactWriteItems": self._transaction,
        }

    def _of_item(self, operation: str, call: Call) -> Needs:
        item = call[ITEM_CALLS[operation]]
        yield from self._items(f"dynamodb:{operation}", call["TableName"], [item])

    def _transaction(self, call: Call) -> Needs:
        for part in call["TransactItems"]:
            ((kind, request),) = part.items()
            action, where = PARTS[kind]
            yield from self._items(action, request["TableName"], [request[where]])

    def _batch_get(self, call: Call) -> Needs:
        for table, request in call["RequestItems"].items():
            yield from self._items("dynamodb:BatchGetItem", table, request["Keys"])

    def _batch_write(self, call: Call) -> Needs:
        for table, writes in call["RequestItems"].items():
            puts = [each["PutRequest"]["Item"] for each in writes if "PutRequest" in each]
            deletes = [each["DeleteRequest"]["Key"] for each in writes if "DeleteRequest" in each]
            yield from self._items("dynamodb:BatchWriteItem", table, puts + deletes)

    def _items(self, action: str, name: str, items: list[Mapping[str, Any]]) -> Needs:
        table = self._tables[name]
        leading = tuple(_text(item[table.key[0]]) for item in items)
        yield Need(action, table.arn, {LEADING_KEYS: leading})
        yield from _decrypting(table)

    def _query(self, call: Call) -> Needs:
        table = self._tables[call["TableName"]]
        index = call.get("IndexName")
        key = table.indexes[index][0] if index else table.key[0]
        yield Need("dynamodb:Query", _searched(table, call), {LEADING_KEYS: (_asked(key, call),)})
        yield from _decrypting(table)

    def _scan(self, call: Call) -> Needs:
        table = self._tables[call["TableName"]]
        yield Need("dynamodb:Scan", _searched(table, call), NOTHING_KNOWN)
        yield from _decrypting(table)

    def _of_stream(self, operation: str, call: Call) -> Needs:
        """An iterator begins with the ARN of its stream."""
        arn = call.get("StreamArn") or call["ShardIterator"].partition("|")[0]
        yield Need(f"dynamodb:{operation}", arn, NOTHING_KNOWN)
        if operation == "GetRecords":
            yield from _decrypting(self._streams[arn])


def _decrypting(table: TableSpec) -> Iterator[Need]:
    return through("dynamodb", table.kms_key, "kms:Decrypt")


def _searched(table: TableSpec, call: Call) -> str:
    """The ARN of the table, or of its index."""
    return f"{table.arn}/index/{call['IndexName']}" if "IndexName" in call else table.arn


def _asked(key: str, call: Call) -> str:
    """The value of the hash that a query asks for."""
    own = call.get("ExpressionAttributeNames", {})
    for name, value in EQUALITY.findall(call["KeyConditionExpression"]):
        if own.get(name, name) == key:
            return _text(call["ExpressionAttributeValues"][value])
    raise NotUnderstood(call["KeyConditionExpression"], f"no value for {key}")


def _text(value: Mapping[str, Any]) -> str:
    ((_, text),) = value.items()
    return str(text)
