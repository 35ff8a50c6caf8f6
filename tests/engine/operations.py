"""Sequences of what may be asked of the database, made up by hypothesis."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.engine.expressions_in_use import ATTRIBUTES, ODD, QUERIES, USUAL, WRITES, Use
from tests.engine.twins import Call

PARTITIONS = ("~1", "~2")
SORT_KEYS = tuple(value["S"] for value in USUAL["sort key"])
KEYS = {
    "Inbox": ("ingest_id",),
    "Claims": ("msg_id",),
    "Parked": ("ingest_id",),
    "Journal": ("pk", "sk"),
    "Reference": ("pk", "sk"),
    "Balances": ("pk",),
    "Assemblies": ("pk", "sk"),
    "Payments": ("pk",),
    "Vault": ("pk",),
    "Idempotency": ("id",),
}
TABLES = tuple(KEYS)
SINGLE = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}
# How a request goes wrong: by the name of what is wrong.
type Spoiling = Callable[[dict[str, Any]], None]


def key_of(table: str, partition: str = "~1", sort_key: str = "H") -> dict[str, Any]:
    names = KEYS[table]
    return {
        name: {"S": text}
        for name, text in zip(names, (partition, sort_key)[: len(names)], strict=True)
    }


def keys(table: str) -> st.SearchStrategy[dict[str, Any]]:
    made = st.builds(
        key_of, st.just(table), st.sampled_from(PARTITIONS), st.sampled_from(SORT_KEYS)
    )
    return made.map(copy.deepcopy)


def values(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly what the system itself writes, sometimes another type."""
    odd = [ODD[kind]] if kind in ODD else []
    return st.sampled_from([*USUAL[kind] * 6, *odd]).map(copy.deepcopy)


@st.composite
def items(draw: st.DrawFn, table: str) -> dict[str, Any]:
    """An item with some of the attributes of its table."""
    known = ATTRIBUTES[table]
    names = draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    return draw(keys(table)) | {name: draw(values(known[name])) for name in names}


@st.composite
def actions(draw: st.DrawFn, tables: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """(Put, Update, Delete or ConditionCheck, its request)."""
    use = draw(st.sampled_from([use for use in WRITES if use.table in tables]))
    kind = draw(st.sampled_from((use.kind,) * 6 + ("Delete",)))
    wanted = draw(st.sampled_from(({}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"})))
    request = filled(draw, use) if kind == use.kind else {}
    what = {"Item": draw(items(use.table))} if kind == "Put" else {"Key": draw(keys(use.table))}
    return kind, {"TableName": use.table, **what, **request, **wanted}


def filled(draw: st.DrawFn, use: Use) -> dict[str, Any]:
    return use.request({name: draw(values(kind)) for name, kind in use.values.items()})


@st.composite
def single_writes(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    kind, request = draw(actions(tables).filter(lambda action: action[0] != "ConditionCheck"))
    told = {"Put": ["ALL_OLD"], "Delete": ["ALL_OLD"]}
    choices = ["NONE", *told.get(kind, ["ALL_OLD", "ALL_NEW", "UPDATED_NEW"])]
    return SINGLE[kind], request | {"ReturnValues": draw(st.sampled_from(choices))}


@st.composite
def reads(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    table = draw(st.sampled_from(tables))
    return "get_item", {"TableName": table, "Key": draw(keys(table)), "ConsistentRead": True}


@st.composite
def batch_reads(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    asked = draw(st.lists(st.sampled_from(tables), min_size=1, max_size=2, unique=True))
    wanted = {
        table: {"Keys": draw(st.lists(keys(table), min_size=1, max_size=4)), "ConsistentRead": True}
        for table in asked
    }
    return "batch_get_item", {"RequestItems": wanted}


@st.composite
def batch_writes(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    table = draw(st.sampled_from(tables))
    puts = items(table).map(lambda item: {"PutRequest": {"Item": item}})
    deletes = keys(table).map(lambda key: {"DeleteRequest": {"Key": key}})
    asked = draw(st.lists(st.one_of(puts, puts, deletes), min_size=1, max_size=4))
    return "batch_write_item", {"RequestItems": {table: asked}}


@st.composite
def queries(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    # Where none of these tables is ever queried: of another, and empty.
    fitting = [use for use in QUERIES if use.table in tables]
    use = draw(st.sampled_from(fitting or QUERIES))
    request = {
        "TableName": use.table,
        **filled(draw, use),
        "ScanIndexForward": draw(st.booleans()),
    }
    limit = draw(st.sampled_from((None, 1, 2)))
    return "query", request if limit is None else request | {"Limit": limit}


@st.composite
def transactions(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    """Rarely with two actions on one item; sometimes with a token that others use too."""
    wanted = draw(st.lists(actions(tables), min_size=1, max_size=5))
    told = [{kind: request} for kind, request in wanted]
    token = draw(st.sampled_from(({}, {"ClientRequestToken": "~token"})))
    return "transact_write_items", {"TransactItems": told, **token}


def calls(tables: Sequence[str]) -> st.SearchStrategy[Call]:
    """What the system asks, and now and then what it should not."""
    write, transaction = single_writes(tables), transactions(tables)
    read = st.one_of(reads(tables), batch_reads(tables), queries(tables))
    return st.one_of(write, transaction, write, read, batch_writes(tables), spoiled(tables))


@st.composite
def sequences(draw: st.DrawFn) -> tuple[list[str], list[Call]]:
    """A few tables, and calls that meet there."""
    tables = draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=3, unique=True))
    return tables, draw(st.lists(calls(tables), min_size=1, max_size=14))


# --- requests that are refused


@st.composite
def spoiled(draw: st.DrawFn, tables: Sequence[str]) -> Call:
    """A right request with one thing wrong."""
    right = st.one_of(single_writes(tables), reads(tables), queries(tables), transactions(tables))
    operation, request = copy.deepcopy(draw(right))
    known = [each for each in SPOILINGS if "TransactItems" not in request or each not in UNSEEN]
    draw(st.sampled_from(known))(_one_of(request))
    return operation, request


def _one_of(request: dict[str, Any]) -> dict[str, Any]:
    """The part of a request that names a table."""
    told = request.get("TransactItems")
    return next(iter(told[-1].values())) if told else request


def _key_in(request: dict[str, Any]) -> dict[str, Any]:
    return dict(request.get("Item") or request.get("Key") or {})


def _with_key(request: dict[str, Any], key: dict[str, Any]) -> None:
    for part in ("Item", "Key"):
        if part in request:
            request[part] = key


def without_its_key(request: dict[str, Any]) -> None:
    first = KEYS.get(request["TableName"], ("pk",))[0]
    key = {name: value for name, value in _key_in(request).items() if name != first}
    _with_key(request, key)


def with_an_empty_key(request: dict[str, Any]) -> None:
    _with_key(request, _key_in(request) | {KEYS.get(request["TableName"], ("pk",))[0]: {"S": ""}})


def with_a_number_as_key(request: dict[str, Any]) -> None:
    _with_key(request, _key_in(request) | {KEYS.get(request["TableName"], ("pk",))[0]: {"N": "1"}})


def with_more_than_a_key(request: dict[str, Any]) -> None:
    if "Key" in request:
        _with_key(request, _key_in(request) | {"more": {"S": "than the key"}})


def to_no_table(request: dict[str, Any]) -> None:
    request["TableName"] = "Nowhere"


def with_an_unused_value(request: dict[str, Any]) -> None:
    if "ConsistentRead" in request:
        return
    named = request.get("ExpressionAttributeValues", {})
    request["ExpressionAttributeValues"] = named | {":unused": {"S": "said by nobody"}}


def without_a_value(request: dict[str, Any]) -> None:
    named = dict(request.get("ExpressionAttributeValues", {}))
    if len(named) > 1:
        named.popitem()
        request["ExpressionAttributeValues"] = named


def without_names(request: dict[str, Any]) -> None:
    request.pop("ExpressionAttributeNames", None)


SPOILINGS: tuple[Spoiling, ...] = (
    without_its_key,
    with_an_empty_key,
    with_a_number_as_key,
    with_more_than_a_key,
    to_no_table,
    with_an_unused_value,
    without_a_value,
    without_names,
)
# What the engine lets pass in a transaction, which the service does not: among its lies.
UNSEEN = (without_its_key, with_more_than_a_key)
