"""DynamoDB in memory: conditions, transactions with their cancellation reasons, indexes and
streams.

The methods, arguments and errors are those of the botocore client. `before` and `after` are called
around each write with the operation's name; a test raises there to crash or to lose a reply.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.expressions import Attributes, Expressions

type Hook = Callable[[str], None]

_TRANSACTION_ACTIONS_MAX = 100


def nothing(_operation: str) -> None:
    """The hook that does not interfere."""


class Table:
    def __init__(self, *key: str, indexes: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.key = key
        self.indexes = dict(indexes or {})
        self.items: dict[tuple[str, ...], Attributes] = {}
        self.stream: list[dict[str, Any]] = []

    def key_of(self, attributes: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(attributes[name]["S"] for name in self.key)


class MemoryDynamoDB:
    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = dict(tables)
        self.before: Hook = nothing
        self.after: Hook = nothing
        self._sequence = 0

    # --- single items

    def get_item(self, *, TableName: str, Key: Attributes, ConsistentRead: bool = False) -> Any:
        table = self.tables[TableName]
        item = table.items.get(table.key_of(Key))
        return {} if item is None else {"Item": dict(item)}

    def put_item(self, *, TableName: str, Item: Attributes, **request: Any) -> Any:
        self._write("PutItem", [("Put", {"TableName": TableName, "Item": Item, **request})])
        return {}

    def update_item(self, *, TableName: str, Key: Attributes, **request: Any) -> Any:
        self._write("UpdateItem", [("Update", {"TableName": TableName, "Key": Key, **request})])
        table = self.tables[TableName]
        return {"Attributes": dict(table.items[table.key_of(Key)])}

    def delete_item(self, *, TableName: str, Key: Attributes) -> Any:
        table = self.tables[TableName]
        self.before("DeleteItem")
        table.items.pop(table.key_of(Key), None)
        self.after("DeleteItem")
        return {}

    # --- many items

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        found: dict[str, list[Attributes]] = {}
        for name, request in RequestItems.items():
            table = self.tables[name]
            keys = [table.key_of(key) for key in request["Keys"]]
            if len(keys) > 100 or len(set(keys)) != len(keys):
                raise _error("ValidationException", "too many or repeated keys")
            found[name] = [dict(table.items[key]) for key in keys if key in table.items]
        return {"Responses": found, "UnprocessedKeys": {}}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        for name, requests in RequestItems.items():
            if len(requests) > 25:
                raise _error("ValidationException", "too many puts")
            for request in requests:
                self.put_item(TableName=name, Item=request["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def query(self, *, TableName: str, KeyConditionExpression: str, **request: Any) -> Any:
        table = self.tables[TableName]
        expressions = Expressions(request)
        order = table.indexes.get(request.get("IndexName", ""), table.key)
        found = [
            item
            for item in table.items.values()
            if all(name in item for name in order)
            and expressions.holds(KeyConditionExpression, item)
        ]
        found.sort(
            key=lambda item: item[order[-1]]["S"], reverse=not request.get("ScanIndexForward", True)
        )
        return {"Items": [dict(item) for item in found[: request.get("Limit")]]}

    def scan(self, *, TableName: str, **_request: Any) -> Any:
        return {"Items": [dict(item) for item in self.tables[TableName].items.values()]}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> Any:
        if len(TransactItems) > _TRANSACTION_ACTIONS_MAX:
            raise _error("ValidationException", "more than a hundred actions")
        actions = [(kind, request) for action in TransactItems for kind, request in action.items()]
        touched = [(request["TableName"], self._key(request)) for _, request in actions]
        if len(set(touched)) != len(touched):
            raise _error("ValidationException", "two actions touch one item")
        self._write("TransactWriteItems", actions)
        return {}

    # --- what a test looks at

    def rows(self, table: str) -> Iterator[Attributes]:
        yield from self.tables[table].items.values()

    def _write(self, operation: str, actions: list[tuple[str, dict[str, Any]]]) -> None:
        self.before(operation)
        reasons = [self._reason(request) for _, request in actions]
        if any(reasons):
            raise _refusal(operation, reasons)
        for kind, request in actions:
            if kind != "ConditionCheck":
                self._apply(kind, request)
        self.after(operation)

    def _reason(self, request: dict[str, Any]) -> dict[str, Any]:
        """{} when the condition holds, else the cancellation reason."""
        standing = self.tables[request["TableName"]].items.get(self._key(request), {})
        if Expressions(request).holds(request.get("ConditionExpression"), standing):
            return {}
        reason: dict[str, Any] = {"Code": "ConditionalCheckFailed"}
        if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and standing:
            reason["Item"] = dict(standing)
        return reason

    def _apply(self, kind: str, request: dict[str, Any]) -> None:
        table, key = self.tables[request["TableName"]], self._key(request)
        standing = table.items.get(key)
        if kind == "Put":
            item = dict(request["Item"])
        else:
            seed = standing if standing is not None else dict(request["Key"])
            item = Expressions(request).updated(request["UpdateExpression"], seed)
        table.items[key] = item
        self._sequence += 1
        name = "INSERT" if standing is None else "MODIFY"
        if standing != item:
            table.stream.append(self._record(table, name, item))

    def _record(self, table: Table, name: str, item: Attributes) -> dict[str, Any]:
        return {
            "eventID": f"{self._sequence:032d}",
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": {part: item[part] for part in table.key},
                "NewImage": dict(item),
                "SequenceNumber": str(self._sequence),
                "StreamViewType": "NEW_IMAGE",
            },
        }

    def _key(self, request: Mapping[str, Any]) -> tuple[str, ...]:
        table = self.tables[request["TableName"]]
        return table.key_of(request["Item"] if "Item" in request else request["Key"])


def _refusal(operation: str, reasons: list[dict[str, Any]]) -> ClientError:
    if operation != "TransactWriteItems":
        item = {"Item": reasons[0]["Item"]} if "Item" in reasons[0] else {}
        return _error("ConditionalCheckFailedException", "The conditional request failed", **item)
    listed = [reason or {"Code": "None"} for reason in reasons]
    return _error("TransactionCanceledException", "cancelled", CancellationReasons=listed)


def _error(code: str, message: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError(response, "Operation")
