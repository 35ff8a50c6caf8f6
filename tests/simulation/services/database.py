"""DynamoDB: the fake of the handlers' tests, with what happens when many use it at once.

Transactions take a while, and whatever else touches one of their items meanwhile is refused with a
conflict. Answers come in pages, some keys stay unprocessed, reads may be a moment old, and a row
enters an index a little later than its table.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.dynamodb import MemoryDynamoDB, Table, item_or_key
from tests.fakes.expressions import Attributes
from tests.simulation.plan import TableSpec

type Place = tuple[str, tuple[str, ...]]
type Guard = Callable[
    [str, Attributes, Attributes | None, bool, Sequence[Attributes]], list[tuple[int, str]]
]

_STALE_SECONDS = 1.0
# How long a row may be in its table and not in its indexes, at most.
INDEX_LAG_SECONDS = 240
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


def nothing_wrong(
    _table: str,
    _before: Attributes,
    _after: Attributes | None,
    _put: bool,
    _headers: Sequence[Attributes],
) -> list[tuple[int, str]]:
    """The guard of a database that nobody guards."""
    return []


class Database(MemoryDynamoDB):
    """`hits` draws a fault, `below` a number for page sizes, `now` is the virtual time.

    `guard` is asked about every item that replaces another one, with the journal headers that the
    same transaction puts, and says what is wrong with it.
    """

    def __init__(
        self,
        specs: Mapping[str, TableSpec],
        hits: Callable[[str, str], bool],
        below: Callable[[int], int],
        now: Callable[[], float],
    ) -> None:
        tables = {
            name: Table(*spec.key, indexes=spec.indexes, keys_only=spec.keys_only)
            for name, spec in specs.items()
        }
        super().__init__(tables, now)
        self._hits = hits
        self._below = below
        self._now = now
        self._before: dict[Place, tuple[float, Attributes | None]] = {}
        self._indexed_at: dict[Place, float] = {}
        self._partitions: dict[tuple[str, str], set[str]] = {
            (name, index): set() for name, spec in specs.items() for index in spec.indexes
        }
        self.busy: set[Place] = set()
        self.guard: Guard = nothing_wrong
        self.edits: list[tuple[int, str]] = []
        self.writes = 0
        self._headers: list[Attributes] = []

    # --- who touches what, for conflicts

    def places(self, operation: str, kwargs: Mapping[str, Any]) -> list[Place]:
        """The items that a write touches, one for each action in order."""
        if operation not in _WRITES:
            return []
        requests = [kwargs]
        if operation == "TransactWriteItems":
            requests = [each for action in kwargs["TransactItems"] for each in action.values()]
        return [
            (each["TableName"], self.tables[each["TableName"]].key_of(item_or_key(each)))
            for each in requests
        ]

    # --- reads

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        found: dict[str, list[Attributes]] = {}
        left: dict[str, Any] = {}
        for name, request in RequestItems.items():
            table, keys = self.tables[name], list(request["Keys"])
            if not 0 < len(keys) <= 100 or len({table.key_of(key) for key in keys}) != len(keys):
                raise _invalid("BatchGetItem", "no keys, too many or repeated ones")
            if self._hits("unprocessed", f"BatchGetItem {name}"):
                at = self._below(len(keys))
                left[name] = {**request, "Keys": keys[at:]}
                keys = keys[:at]
            consistent = request.get("ConsistentRead", False)
            items = [self._seen(name, table.key_of(key), consistent) for key in keys]
            found[name] = [dict(item) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": left}

    def query(self, *, TableName: str, KeyConditionExpression: str, **request: Any) -> Any:
        table = self._table("Query", TableName)
        hidden = self._not_indexed(TableName) if "IndexName" in request else {}
        for key in hidden:
            del table.items[key]
        try:
            self._shorten(TableName, request)
            return super().query(
                TableName=TableName, KeyConditionExpression=KeyConditionExpression, **request
            )
        finally:
            table.items.update(hidden)

    def _not_indexed(self, table: str) -> dict[tuple[str, ...], Attributes]:
        """Items that the indexes do not show yet."""
        items, now = self.tables[table].items, self._now()
        late = [key for (name, key), at in self._indexed_at.items() if name == table and at > now]
        return {key: items[key] for key in late if key in items}

    def _shorten(self, table: str, request: dict[str, Any]) -> None:
        """A page may end anywhere."""
        items = len(self.tables[table].items)
        if items and "Limit" not in request and self._hits("short page", table):
            request["Limit"] = 1 + self._below(min(items, 3))

    def empty(self, request: Mapping[str, Any]) -> bool:
        """Whether a query of an index has nothing to find: the first condition is on its key."""
        value = request["ExpressionAttributeValues"][_asked(request["KeyConditionExpression"])]
        place = (request["TableName"], request["IndexName"])
        return value["S"] not in self._partitions[place]

    def scan(self, *, TableName: str, **request: Any) -> Any:
        self._shorten(TableName, request)
        return super().scan(TableName=TableName, **request)

    def _seen(self, table: str, key: tuple[str, ...], consistent: bool) -> Attributes | None:
        now = self.tables[table].items.get(key)
        if consistent or (table, key) not in self._before:
            return now
        written_at, before = self._before[table, key]
        if written_at + _STALE_SECONDS > self._now() and self._hits("stale read", table):
            return before
        return now

    # --- writes

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        left: dict[str, Any] = {}
        taken = {name: list(requests) for name, requests in RequestItems.items()}
        for name, requests in list(taken.items()):
            if self._hits("unprocessed", f"BatchWriteItem {name}"):
                at = self._below(len(requests))
                left[name], taken[name] = requests[at:], requests[:at]
        taken = {name: requests for name, requests in taken.items() if requests}
        if taken or not left:
            super().batch_write_item(RequestItems=taken or RequestItems)
        return {"UnprocessedItems": left}

    def transact_write_items(
        self, *, TransactItems: list[dict[str, Any]], ClientRequestToken: str | None = None
    ) -> Any:
        puts = (each["Put"]["Item"] for each in TransactItems if "Put" in each)
        self._headers = [item for item in puts if item.get("sk") == {"S": "H"} and "legs" in item]
        try:
            return super().transact_write_items(
                TransactItems=TransactItems, ClientRequestToken=ClientRequestToken
            )
        finally:
            self._headers = []

    def _apply(self, request: dict[str, Any], item: Attributes | None) -> None:
        name = request["TableName"]
        key = self.tables[name].key_of(item_or_key(request))
        before = self.tables[name].items.get(key)
        super()._apply(request, item)
        self.writes += 1
        self._index(name, item)
        self._before[name, key] = (self._now(), before)
        if before is not None and before != item:
            self.edits += self.guard(name, before, item, "Item" in request, self._headers)
        if before is None and self.tables[name].indexes and self._hits("late in the index", name):
            self._indexed_at[name, key] = self._now() + self._below(INDEX_LAG_SECONDS)

    # --- snapshots

    def keep(self) -> dict[str, dict[tuple[str, ...], Attributes]]:
        """The tables' items; items are never changed in place, so they are shared."""
        return {name: dict(table.items) for name, table in self.tables.items()}

    def restore(self, kept: Mapping[str, Mapping[tuple[str, ...], Attributes]]) -> None:
        for name, items in kept.items():
            self.tables[name].items = dict(items)
            for item in items.values():
                self._index(name, item)

    def _index(self, table: str, item: Attributes | None) -> None:
        for index, (hashed, _) in self.tables[table].indexes.items():
            if item is not None and hashed in item:
                self._partitions[table, index].add(item[hashed]["S"])

    def new_records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Stream records since the last call, by table."""
        for name, table in self.tables.items():
            if table.stream:
                records, table.stream = table.stream, []
                for record in records:
                    yield name, record


@cache
def _asked(key_condition: str) -> str:
    """The value that the first part, `hash = :value`, asks for."""
    return key_condition.split()[2]


def refusal(code: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(response, operation)


def _invalid(operation: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)


def conflict(operation: str, places: list[Place], busy: Callable[[Place], bool]) -> ClientError:
    """What DynamoDB answers while another transaction holds one of the items."""
    if operation != "TransactWriteItems":
        return refusal("TransactionConflictException", operation)
    reasons = [{"Code": "TransactionConflict" if busy(each) else "None"} for each in places]
    return refusal("TransactionCanceledException", operation, CancellationReasons=reasons)
