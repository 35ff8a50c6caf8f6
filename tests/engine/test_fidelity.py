"""The database in memory, on which handlers are tested and simulated, does as the engine's does:
the same requests get the same answers, refusals, items and stream records.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings

from tests.engine import expressions_in_source
from tests.engine.expressions_in_use import (
    ATTRIBUTES,
    ODD,
    QUERIES,
    USUAL,
    WRITES,
    Attributes,
    Use,
)
from tests.engine.live import Stack
from tests.engine.operations import KEYS, PARTITIONS, SINGLE, SORT_KEYS, key_of, sequences
from tests.engine.twins import Call, Twins, table_of
from tests.fakes.cloud import Cloud
from tests.fakes.dynamodb import MemoryDynamoDB, Table

pytestmark = pytest.mark.engine

IN_USE = {found for use in (*WRITES, *QUERIES) for found in use.expressions()}
NOT_OURS = {found for use in WRITES if use.table == "Idempotency" for found in use.expressions()}
# An index takes no other kind: such an item never stands anywhere.
OF_AN_INDEX = {"minute", "day", "shard", "due"}
CLI = {found for use in QUERIES[-1:] for found in use.expressions()}


@pytest.fixture(scope="module")
def twins(stack: Stack) -> Twins:
    return Twins(stack)


def test_every_expression_of_the_source_is_compared() -> None:
    assert expressions_in_source.written() == IN_USE - NOT_OURS - CLI


def test_the_tables_in_memory_are_those_of_the_template(twins: Twins) -> None:
    ours = Cloud().dynamodb.tables
    _, simulated = twins.fakes

    for kind, described in twins.described.items():
        theirs = table_of(described)
        assert vars(ours[kind.lower()]) == vars(simulated.tables[kind]) == vars(theirs), kind
        assert KEYS[kind] == theirs.key


@pytest.mark.parametrize("use", WRITES, ids=str)
def test_each_write_does_the_same_to_whatever_stands(twins: Twins, use: Use) -> None:
    outcomes = set()
    for standing in (None, *_standing_items(use)):
        for call in _ways_to_write(use):
            twins.begin()
            if standing is not None:
                twins.ask("put_item", {"TableName": use.table, "Item": standing})
            outcomes.add("refused" in twins.ask(*call))
            twins.ask("get_item", {"TableName": use.table, "Key": key_of(use.table)})

    # Otherwise the comparison would have shown little.
    assert outcomes >= ({True, False} if use.condition else {False})


def _standing_items(use: Use) -> Iterator[Attributes]:
    """The item as the system keeps it, and with one attribute missing or holding something else."""
    known = ATTRIBUTES[use.table]
    usual = {name: USUAL[kind][0] for name, kind in known.items()}
    yield key_of(use.table) | usual
    for name, kind in known.items():
        if name not in use.attributes:
            continue
        yield key_of(use.table) | {other: usual[other] for other in usual if other != name}
        for value in USUAL[kind][1:]:
            yield key_of(use.table) | usual | {name: value}
        if kind in ODD and kind not in OF_AN_INDEX:
            yield key_of(use.table) | usual | {name: ODD[kind]}


def _ways_to_write(use: Use) -> Iterator[Call]:
    """Alone, and in a transaction that asks for what stood there, or does not."""
    filled = use.request({name: USUAL[kind][0] for name, kind in use.values.items()})
    new = {name: USUAL[kind][0] for name, kind in ATTRIBUTES[use.table].items()}
    key = key_of(use.table)
    what = {"Item": key | new} if use.kind == "Put" else {"Key": key}
    request: dict[str, Any] = {"TableName": use.table, **what, **filled}
    wanting = request | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if use.kind in SINGLE:
        yield SINGLE[use.kind], request
        yield SINGLE[use.kind], wanting
    yield "transact_write_items", {"TransactItems": [{use.kind: request}]}
    yield "transact_write_items", {"TransactItems": [{use.kind: wanting}]}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    # A failure names the request; making the sequence smaller would take minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sequences())
def test_whatever_is_asked_gets_the_same_answer_and_leaves_the_same_behind(
    twins: Twins, sequence: tuple[list[str], list[Call]]
) -> None:
    tables, wanted = sequence
    twins.begin()

    for call in wanted:
        twins.ask(*call)

    for call in _everything_in(tables):
        twins.ask(*call)
    twins.streams_agree(tables)


def _everything_in(tables: list[str]) -> Iterator[Call]:
    """All items that a sequence may have written."""
    for table in tables:
        sort_keys = SORT_KEYS if len(KEYS[table]) > 1 else ("",)
        keys = [key_of(table, partition, each) for partition in PARTITIONS for each in sort_keys]
        yield "batch_get_item", {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}}


def put(number: int, **more: Any) -> dict[str, Any]:
    item = {"pk": {"S": f"~{number}"}, "token": {"S": "tok"}}
    return {"Put": {"TableName": "Vault", "Item": item, **more}}


@pytest.mark.parametrize(
    ("items", "fits"), [(0, False), (1, True), (100, True), (101, False)], ids=str
)
def test_a_transaction_has_between_one_and_a_hundred_actions(
    twins: Twins, items: int, fits: bool
) -> None:
    twins.begin()

    answer = twins.ask(
        "transact_write_items", {"TransactItems": [put(number) for number in range(items)]}
    )

    assert ("refused" not in answer) is fits


@pytest.mark.parametrize(("keys", "fits"), [(0, False), (100, True), (101, False)], ids=str)
def test_a_batch_reads_at_most_a_hundred_items(twins: Twins, keys: int, fits: bool) -> None:
    wanted = [{"pk": {"S": f"~{number}"}} for number in range(keys)]

    answer = twins.ask("batch_get_item", {"RequestItems": {"Vault": {"Keys": wanted}}})

    assert ("refused" not in answer) is fits


@pytest.mark.parametrize(("puts", "fits"), [(0, False), (25, True), (26, False)], ids=str)
def test_a_batch_writes_at_most_25_items(twins: Twins, puts: int, fits: bool) -> None:
    twins.begin()
    asked = [{"PutRequest": {"Item": {"pk": {"S": f"~{number}"}}}} for number in range(puts)]

    answer = twins.ask("batch_write_item", {"RequestItems": {"Vault": asked}})

    assert ("refused" not in answer) is fits


def test_a_token_makes_a_repeat_one_transaction_and_refuses_another_one(twins: Twins) -> None:
    twins.begin()
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    first = {"TransactItems": [put(1, **absent)], "ClientRequestToken": "~token"}

    assert twins.ask("transact_write_items", first) == {}
    # Without the token the condition would fail now.
    assert twins.ask("transact_write_items", first) == {}
    assert "refused" in twins.ask("transact_write_items", {"TransactItems": [put(1, **absent)]})
    other = first | {"TransactItems": [put(2)]}
    answer = twins.ask("transact_write_items", other)
    assert answer["refused"] == "IdempotentParameterMismatchException"
    twins.streams_agree(["Vault"])


def test_a_refused_transaction_leaves_its_token_unused(twins: Twins) -> None:
    twins.begin()
    present = {"ConditionExpression": "attribute_exists(pk)"}
    wanted = {"TransactItems": [put(1, **present)], "ClientRequestToken": "~token"}

    assert twins.ask("transact_write_items", wanted)["refused"] == "TransactionCanceledException"
    twins.ask("put_item", put(1)["Put"])
    assert twins.ask("transact_write_items", wanted) == {}


def test_every_action_of_a_cancelled_transaction_has_its_reason(twins: Twins) -> None:
    twins.begin()
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    for number in (2, 3):
        twins.ask("put_item", put(number)["Put"])
    told = absent | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    answer = twins.ask(
        "transact_write_items",
        {"TransactItems": [put(1, **told), put(2, **told), put(3, **absent)]},
    )

    assert [each["Code"] for each in answer["reasons"]] == ["None", *["ConditionalCheckFailed"] * 2]
    assert ["Item" in each for each in answer["reasons"]] == [False, True, False]
    twins.streams_agree(["Vault"])


@pytest.mark.parametrize("forward", [True, False], ids=["upwards", "downwards"])
def test_the_pages_of_a_query_go_on_where_the_last_one_ended(twins: Twins, forward: bool) -> None:
    twins.begin()
    for number in range(5):
        row = {"ingest_id": {"S": f"~{number}"}, "received_minute": {"S": "~minute"}}
        twins.ask("put_item", {"TableName": "Inbox", "Item": row | {"cain": {"S": "{}"}}})
    request: dict[str, Any] = {
        "TableName": "Inbox",
        "IndexName": "by-minute",
        "KeyConditionExpression": "received_minute = :minute",
        "ExpressionAttributeValues": {":minute": {"S": "~minute"}},
        "ScanIndexForward": forward,
        "Limit": 2,
    }

    sizes = []
    while True:
        answer = twins.ask("query", request)
        sizes.append(len(answer["Items"]))
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    assert sizes == [2, 2, 1]


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    """On the engine, too, which nobody waits for here."""
    now = [0.0]
    database = MemoryDynamoDB({"Vault": Table("pk")}, lambda: now[0])
    wanted: dict[str, Any] = {"TransactItems": [put(1)], "ClientRequestToken": "token"}
    database.transact_write_items(**wanted)
    other = wanted | {"TransactItems": [put(2)]}

    now[0] = 599.0
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        database.transact_write_items(**other)
    now[0] = 600.0
    database.transact_write_items(**other)

    assert len(list(database.rows("Vault"))) == 2
