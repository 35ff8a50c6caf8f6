"""The fake database and the engine's, asked the same things."""

import itertools
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

import local
from local import aws
from tests.engine.live import Stack
from tests.engine.own_services import TABLES, physical_names
from tests.fakes.dynamodb import MemoryDynamoDB, Table
from tests.simulation.services.database import Database
from tests.simulation.template import deployed

_ABSENT_FROM_FAKES = ("ResponseMetadata", "Count", "ScannedCount", "UnprocessedKeys")

type Call = tuple[str, dict[str, Any]]


class Twins:
    """The deployed tables, empty, in memory and on the engine.

    What begins with ~ in a request is made another text for each sequence, so that sequences do
    not meet. Tables have their logical names in requests.
    """

    def __init__(self, stack: Stack) -> None:
        endpoint = local.endpoint()
        assert endpoint is not None
        # A client that leaves it to the service to look at the parameters.
        self._dynamodb = aws.client(endpoint, "dynamodb")
        self._streams = stack.client("dynamodbstreams")
        self._prefix = f"twin-{uuid.uuid4().hex[:8]}-"
        self._sequences = itertools.count(1)
        self._salt = ""
        names = physical_names(stack.system)
        self.described = {kind: self._describe(names[f"{kind}Table"]) for kind in TABLES}
        self.fakes = (
            MemoryDynamoDB({kind: table_of(each) for kind, each in self.described.items()}),
            _simulated(),
        )
        self._iterators = {kind: self._copy(kind) for kind in TABLES}

    def begin(self) -> None:
        """A new sequence: nothing that it asks for is there."""
        self._salt = f"{self._prefix}{next(self._sequences)}-"
        for fake in self.fakes:
            for table in fake.tables.values():
                table.stream.clear()

    def ask(self, operation: str, request: Mapping[str, Any]) -> Any:
        """The engine's answer or refusal; fails when a fake's is another one."""
        theirs = _outcome(self._dynamodb, operation, _filled(request, self._salt, self._prefix))
        theirs = _renamed(theirs, self._prefix)
        for fake in self.fakes:
            ours = _renamed(_outcome(fake, operation, _filled(request, self._salt, "")), "")
            assert ours == theirs, f"{operation} {request}: {fake} {ours}, the engine {theirs}"
        return theirs

    def streams_agree(self, tables: Iterable[str]) -> None:
        """What the stream records of this sequence say about each item, in their order."""
        for kind in tables:
            theirs = self._by_item(self._records(kind))
            for fake in self.fakes:
                ours = self._by_item(fake.tables[kind].stream)
                assert ours == theirs, f"the stream of {kind}: {fake} {ours}, the engine {theirs}"

    def _by_item(self, records: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = {}
        for record in records:
            change = record["dynamodb"]
            key = " ".join(value["S"] for _, value in sorted(change["Keys"].items()))
            if key.startswith(self._salt):
                told.setdefault(key, []).append((record["eventName"], change.get("NewImage")))
        return told

    def _records(self, kind: str) -> list[dict[str, Any]]:
        """What came since the last time."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._streams.get_records(ShardIterator=self._iterators[kind])
            self._iterators[kind] = page["NextShardIterator"]
            if not page["Records"]:
                return found
            found += page["Records"]

    def _describe(self, name: str) -> dict[str, Any]:
        return dict(self._dynamodb.describe_table(TableName=name)["Table"])

    def _copy(self, kind: str) -> str:
        """Make the table on the engine, with a stream; where that begins."""
        like = self.described[kind]
        indexes = [
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
            for index in like.get("GlobalSecondaryIndexes", [])
        ]
        made = self._dynamodb.create_table(
            TableName=self._prefix + kind,
            KeySchema=like["KeySchema"],
            AttributeDefinitions=like["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
        stream = made["TableDescription"]["LatestStreamArn"]
        (shard,) = self._streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        return str(
            self._streams.get_shard_iterator(
                StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        )


def table_of(described: Mapping[str, Any]) -> Table:
    """A table in memory as DescribeTable tells of it."""
    indexes = described.get("GlobalSecondaryIndexes", [])
    return Table(
        *_names(described["KeySchema"]),
        indexes={each["IndexName"]: _names(each["KeySchema"]) for each in indexes},
        keys_only={
            each["IndexName"]
            for each in indexes
            if each["Projection"]["ProjectionType"] == "KEYS_ONLY"
        },
    )


def _simulated() -> MemoryDynamoDB:
    """The simulation's, with the tables that it reads from the template, while nothing goes
    wrong.
    """
    planned = deployed().tables
    tables = {kind: planned[f"{kind}Table"] for kind in TABLES}
    return Database(tables, lambda _kind, _place: False, lambda _limit: 0, lambda: 0.0)


def _names(schema: Iterable[Mapping[str, str]]) -> Any:
    return tuple(each["AttributeName"] for each in sorted(schema, key=lambda each: each["KeyType"]))


def _filled(value: Any, salt: str, prefix: str) -> Any:
    """The request with this sequence's texts, and each table under its full name."""
    if isinstance(value, dict):
        return {
            name if name not in TABLES else prefix + name: (
                prefix + member if name == "TableName" else _filled(member, salt, prefix)
            )
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_filled(each, salt, prefix) for each in value]
    return salt + value[1:] if isinstance(value, str) and value.startswith("~") else value


def _outcome(client: Any, operation: str, request: dict[str, Any]) -> Any:
    try:
        answer = getattr(client, operation)(**request)
    except ClientError as error:
        refused: Any = error.response
        reasons = [_reason(each) for each in refused.get("CancellationReasons", [])]
        return {"refused": refused["Error"]["Code"], "reasons": reasons} | _item(refused)
    return {name: value for name, value in answer.items() if name not in _ABSENT_FROM_FAKES}


def _reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    return {"Code": reason["Code"]} | _item(reason)


def _item(refused: Mapping[str, Any]) -> dict[str, Any]:
    return {"Item": refused["Item"]} if refused.get("Item") else {}


def _renamed(outcome: Any, prefix: str) -> Any:
    """The tables' logical names again, and items of a batch in no order."""
    found = outcome.get("Responses")
    if found is None:
        return outcome
    return outcome | {
        "Responses": {
            name.removeprefix(prefix): sorted(items, key=repr) for name, items in found.items()
        }
    }
