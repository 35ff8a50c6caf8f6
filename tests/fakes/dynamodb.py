"""DynamoDB in memory: conditions, transactions with their cancellation reasons, indexes and
streams.

The methods, arguments and errors are those of the botocore client; the engine tests put the same
requests to this and to the engine and compare. `before` and `after` are called around each write
with the operation's name; a test raises there to crash or to lose a reply.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.expressions import Attributes, Expressions, Invalid
from tests.fakes.table import Key, Table

__all__ = ["MemoryDynamoDB", "Table", "item_or_key", "nothing"]

type Hook = Callable[[str], None]
type Reason = dict[str, Any]

_TRANSACTION_ACTIONS_MAX = 100
_TOKEN_SECONDS = 600
_KINDS = {"Put", "Update", "Delete", "ConditionCheck"}
_EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression")


def nothing(_operation: str) -> None:
    """The hook that does not interfere."""


class MemoryDynamoDB:
    """`seconds` is the clock by which a transaction's token is forgotten."""

    def __init__(
        self, tables: Mapping[str, Table], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.tables = dict(tables)
        self.before: Hook = nothing
        self.after: Hook = nothing
        self._seconds = seconds
        self._tokens: dict[str, tuple[float, Any]] = {}
        self._sequence = 0

    # --- single items

    def get_item(self, *, TableName: str, Key: Attributes, ConsistentRead: bool = False) -> Any:
        table = self._table("GetItem", TableName)
        with _Validation("GetItem"):
            key = table.address_of(Key)
        item = self._seen(TableName, key, ConsistentRead)
        return {} if item is None else {"Item": dict(item)}

    def put_item(self, *, TableName: str, Item: Attributes, **request: Any) -> Any:
        request |= {"TableName": TableName, "Item": Item}
        return self._write_one("PutItem", "Put", request)

    def update_item(self, *, TableName: str, Key: Attributes, **request: Any) -> Any:
        request |= {"TableName": TableName, "Key": Key}
        return self._write_one("UpdateItem", "Update", request)

    def delete_item(self, *, TableName: str, Key: Attributes, **request: Any) -> Any:
        request |= {"TableName": TableName, "Key": Key}
        return self._write_one("DeleteItem", "Delete", request)

    # --- many items

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        found: dict[str, list[Attributes]] = {}
        for name, request in RequestItems.items():
            table = self._table("BatchGetItem", name)
            with _Validation("BatchGetItem"):
                keys = [table.address_of(key) for key in request["Keys"]]
                if not 0 < len(keys) <= 100 or len(set(keys)) != len(keys):
                    raise Invalid("no, too many or repeated keys")
            consistent = request.get("ConsistentRead", False)
            items = [self._seen(name, key, consistent) for key in keys]
            found[name] = [dict(item) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        actions = []
        for name, requests in RequestItems.items():
            self._table("BatchWriteItem", name)
            for request in requests:
                ((kind, content),) = request.items()
                actions.append((kind.removesuffix("Request"), {"TableName": name, **content}))
        with _Validation("BatchWriteItem"):
            keys = [self._checked(kind, request) for kind, request in actions]
            if not 0 < len(keys) <= 25 or len(set(keys)) != len(keys):
                raise Invalid("no, too many or repeated items")
        for action in actions:
            self._write("BatchWriteItem", [action])
        return {"UnprocessedItems": {}}

    def query(self, *, TableName: str, KeyConditionExpression: str, **request: Any) -> Any:
        table, index = self._table("Query", TableName), request.get("IndexName")
        expressions = Expressions(request)
        with _Validation("Query"):
            expressions.check_references(KeyConditionExpression)
            order = table.order_of(index)
            expressions.check_key_condition(KeyConditionExpression, *order)
            if index is not None and request.get("ConsistentRead"):
                raise Invalid("an index is never read strongly")
        found = [
            item
            for item in table.items.values()
            if all(name in item for name in order)
            and expressions.holds(KeyConditionExpression, item)
        ]
        found.sort(
            key=lambda item: item[order[-1]]["S"], reverse=not request.get("ScanIndexForward", True)
        )
        return _page(table, index, found, request)

    def scan(self, *, TableName: str, **request: Any) -> Any:
        table, filtered = self._table("Scan", TableName), request.get("FilterExpression")
        expressions = Expressions(request)
        with _Validation("Scan"):
            expressions.check_references(filtered)
        # A page is cut before it is filtered.
        page = _page(table, None, list(table.items.values()), request)
        found = [item for item in page["Items"] if expressions.holds(filtered, item)]
        return page | {"Items": found, "Count": len(found)}

    def transact_write_items(
        self, *, TransactItems: list[dict[str, Any]], ClientRequestToken: str | None = None
    ) -> Any:
        operation = "TransactWriteItems"
        with _Validation(operation):
            actions = _actions_of(TransactItems)
            for _, request in actions:
                Expressions(request).check_references(*map(request.get, _EXPRESSIONS))
        if ClientRequestToken is not None and self._is_repeat(ClientRequestToken, TransactItems):
            return {}
        touched = [
            repr((name, _raw_key(self.tables[name], request)))
            for _, request in actions
            if (name := request["TableName"]) in self.tables
        ]
        if len(set(touched)) != len(touched):
            raise _error("ValidationException", operation, "two actions touch one item")
        for _, request in actions:
            self._table(operation, request["TableName"])
            if self.tables[request["TableName"]].has_empty_key(item_or_key(request)):
                raise _error("ValidationException", operation, "a key is empty")
        self._write(operation, actions)
        if ClientRequestToken is not None:
            self._tokens[ClientRequestToken] = (self._seconds(), TransactItems)
        return {}

    # --- what a test looks at

    def rows(self, table: str) -> Iterator[Attributes]:
        yield from self.tables[table].items.values()

    # --- how

    def _table(self, operation: str, name: str) -> Table:
        if name not in self.tables:
            raise _error("ResourceNotFoundException", operation, name)
        return self.tables[name]

    def _seen(self, table: str, key: Key, _consistent: bool) -> Attributes | None:
        """What a read finds: here what stands, however it is read."""
        return self.tables[table].items.get(key)

    def _is_repeat(self, token: str, actions: list[dict[str, Any]]) -> bool:
        """Whether the token was used for this transaction in the last ten minutes."""
        at, known = self._tokens.get(token, (0.0, None))
        if known is None or self._seconds() - at >= _TOKEN_SECONDS:
            return False
        if known != actions:
            raise _error("IdempotentParameterMismatchException", "TransactWriteItems", token)
        return True

    def _write_one(self, operation: str, kind: str, request: dict[str, Any]) -> Any:
        table = self._table(operation, request["TableName"])
        with _Validation(operation):
            Expressions(request).check_references(*map(request.get, _EXPRESSIONS))
            key = self._checked(kind, request)[1]
        before = table.items.get(key)
        self._write(operation, [(kind, request)])
        wanted = request.get("ReturnValues", "NONE")
        if wanted == "ALL_OLD":
            return {"Attributes": dict(before)} if before is not None else {}
        if wanted == "ALL_NEW":
            return {"Attributes": dict(table.items[key])}
        if wanted == "UPDATED_NEW":
            names = Expressions(request).updated_names(request["UpdateExpression"])
            return {"Attributes": {name: table.items[key][name] for name in names}}
        return {}

    def _checked(self, kind: str, request: Mapping[str, Any]) -> tuple[str, Key]:
        """The item that an action is about. Raises Invalid."""
        table = self.tables[request["TableName"]]
        if kind != "Put":
            return request["TableName"], table.address_of(request["Key"])
        table.check_index_keys(request["Item"])
        return request["TableName"], table.key_of(request["Item"])

    def _write(self, operation: str, actions: list[tuple[str, dict[str, Any]]]) -> None:
        self.before(operation)
        # Conditions are looked at only when every item's key is one.
        reasons = [self._misfit(kind, request) for kind, request in actions]
        if any(reasons):
            raise _refusal(operation, reasons)
        outcomes = [self._outcome(kind, request) for kind, request in actions]
        reasons = [each if "Code" in each else {} for each in outcomes]
        if any(reasons):
            raise _refusal(operation, reasons)
        for (kind, request), outcome in zip(actions, outcomes, strict=True):
            if kind != "ConditionCheck":
                self._apply(request, outcome.get("after"))
        self.after(operation)

    def _misfit(self, kind: str, request: dict[str, Any]) -> Reason:
        try:
            self._checked(kind, request)
        except Invalid:
            return {"Code": "ValidationError"}
        return {}

    def _outcome(self, kind: str, request: dict[str, Any]) -> Reason:
        """The item as the action leaves it ("after"), else why it does not ("Code", "Item")."""
        name, key = self._checked(kind, request)
        standing = self.tables[name].items.get(key)
        if not Expressions(request).holds(request.get("ConditionExpression"), standing or {}):
            return _condition_failed(request, standing)
        if kind == "Put":
            return {"after": dict(request["Item"])}
        if kind != "Update":
            return {}
        seed = standing if standing is not None else dict(request["Key"])
        try:
            after = Expressions(request).updated(request["UpdateExpression"], seed)
            self.tables[name].check_index_keys(after)
        except Invalid:
            return {"Code": "ValidationError"}
        return {"after": after}

    def _apply(self, request: dict[str, Any], item: Attributes | None) -> None:
        table = self.tables[request["TableName"]]
        key = table.key_of(item_or_key(request))
        standing = table.items.pop(key, None)
        if item is not None:
            table.items[key] = item
        self._sequence += 1
        # A write that changes nothing leaves no record.
        if standing != item:
            table.stream.append(self._record(table, standing, item))

    def _record(
        self, table: Table, before: Attributes | None, after: Attributes | None
    ) -> dict[str, Any]:
        name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        either = after or before or {}
        return {
            "eventID": f"{self._sequence:032d}",
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": {part: either[part] for part in table.key},
                **({"NewImage": dict(after)} if after is not None else {}),
                "SequenceNumber": str(self._sequence),
                "StreamViewType": "NEW_IMAGE",
            },
        }


class _Validation:
    """Turns Invalid into what the client raises."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Invalid):
            raise _error("ValidationException", self._operation, str(error)) from error


def _actions_of(items: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    if not 0 < len(items) <= _TRANSACTION_ACTIONS_MAX:
        raise Invalid("no actions, or more than a hundred")
    actions = [(kind, request) for item in items for kind, request in item.items()]
    for kind, request in actions:
        if kind not in _KINDS or (kind == "ConditionCheck") > ("ConditionExpression" in request):
            raise Invalid(f"no such action, or a check of nothing: {kind}")
    return actions


def item_or_key(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a request has its key."""
    named: Mapping[str, Any] = request["Item"] if "Item" in request else request["Key"]
    return named


def _raw_key(table: Table, request: Mapping[str, Any]) -> list[Any]:
    """The key as the request has it, right or wrong."""
    return [item_or_key(request).get(name) for name in table.key]


def _condition_failed(request: dict[str, Any], standing: Attributes | None) -> Reason:
    reason: Reason = {"Code": "ConditionalCheckFailed"}
    if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and standing:
        reason["Item"] = dict(standing)
    return reason


def _page(table: Table, index: str | None, items: list[Attributes], request: Any) -> Any:
    """The items behind ExclusiveStartKey, at most Limit, and where the page ends."""
    start, limit = request.get("ExclusiveStartKey"), request.get("Limit")
    if start is not None:
        places = [table.place_of(index, item) for item in items]
        items = items[places.index(start) + 1 :] if start in places else items
    more = limit is not None and len(items) >= limit > 0
    last = {"LastEvaluatedKey": table.place_of(index, items[limit - 1])} if more else {}
    found = [table.seen_by(index, item) for item in items[:limit]]
    return {"Items": found, "Count": len(found), **last}


def _refusal(operation: str, reasons: list[Reason]) -> ClientError:
    if operation == "TransactWriteItems":
        listed = [reason or {"Code": "None"} for reason in reasons]
        return _error(
            "TransactionCanceledException", operation, "cancelled", CancellationReasons=listed
        )
    (reason,) = reasons
    if reason["Code"] == "ValidationError":
        return _error("ValidationException", operation, "the update does not fit the item")
    item = {"Item": reason["Item"]} if "Item" in reason else {}
    return _error("ConditionalCheckFailedException", operation, "the condition failed", **item)


def _error(code: str, operation: str, message: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError(response, operation)
