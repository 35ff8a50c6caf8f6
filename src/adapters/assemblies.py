"""The Assemblies table: legs of posting sequences until the last one has come.

`Q#{sequence}` / `L#{n:03d}` is a leg, put once. `Q#{sequence}` / `H` counts them in the transaction
that puts the leg: a leg that comes twice cannot count twice. A leg that contradicts what came
before is kept as `Q#{sequence}` / `C#...`.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec
from botocore.exceptions import ClientError

from adapters import transactions
from adapters.batch_get import batch_get
from adapters.items import from_item, to_item
from adapters.refusals import code_of
from domain.errors import Unavailable
from domain.events import SequenceLeg
from domain.identity import SHARDS, shard_of
from domain.sequence import Arrived

OPEN, PARKED, POSTED, DISCARDED = "OPEN", "PARKED", "POSTED", "DISCARDED"
BY_STATE = "by-state"
_HEAD = "H"
_BEGUN = "attribute_not_exists(pk)"
_STATE = {"#state": "state"}

type Added = Literal["added", "repeated", "contradicts"]


class Assembly(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sequence has come; times are ISO. `reason` says why it is parked."""

    sequence_id: str
    leg_count: int
    checksum: str
    value_date: str
    got: int
    state: str
    first_at: str
    last_at: str
    reason: str | None = None
    message: str | None = None
    history: tuple[dict[str, str], ...] = ()

    @property
    def complete(self) -> bool:
        return self.got == self.leg_count


class Assemblies:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def add(self, arrived: Arrived, at: str) -> Added:
        """Put a leg and count it, once. Raises Unavailable."""
        while True:
            actions = [self._put(arrived, _leg_key(arrived.part)), self._count(arrived.part, at)]
            refused = transactions.write(self._client, actions)
            if not refused:
                return "added"
            if 0 in refused:
                return "repeated" if _part_of(refused[0]) == arrived.part else "contradicts"
            if refused[1]:
                return "contradicts"
            self.begin(arrived.part, at)

    def begin(self, part: SequenceLeg, at: str) -> None:
        """Make the head of a sequence, if there is none."""
        head = Assembly(
            sequence_id=part.sequence_id,
            leg_count=part.leg_count,
            checksum=part.checksum,
            value_date=part.value_date,
            got=0,
            state=OPEN,
            first_at=at,
            last_at=at,
        )
        row = msgspec.to_builtins(head) | {
            "pk": _pk(part.sequence_id),
            "sk": _HEAD,
            "state_shard": _state_shard(OPEN, part.sequence_id),
        }
        put = {"TableName": self.table, "Item": to_item(row), "ConditionExpression": _BEGUN}
        transactions.write(self._client, [{"Put": put}])

    def keep(self, arrived: Arrived) -> None:
        """Keep a leg that cannot be added, for whoever has to decide."""
        content = hashlib.sha256(msgspec.json.encode(arrived.part)).hexdigest()[:16]
        key = f"C#{arrived.part.leg.n:03d}#{content}"
        transactions.write(self._client, [self._put(arrived, key)])

    def get(self, sequence_id: str) -> Assembly | None:
        """How far a sequence has come, read strongly."""
        answer = self._client.get_item(
            TableName=self.table,
            Key={"pk": {"S": _pk(sequence_id)}, "sk": {"S": _HEAD}},
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        return msgspec.convert(from_item(answer["Item"]), Assembly)

    def legs(self, assembly: Assembly) -> list[Arrived]:
        """The legs that have come, by number, read strongly."""
        pk = _pk(assembly.sequence_id)
        numbers = range(1, assembly.leg_count + 1)
        keys = [{"pk": pk, "sk": f"L#{number:03d}"} for number in numbers]
        found = [_arrived(row) for row in batch_get(self._client, self.table, keys)]
        return sorted(found, key=lambda each: each.part.leg.n)

    def in_state(self, state: str) -> Iterator[str]:
        """The ids of the sequences in a state, by the index, which may be a moment behind."""
        for shard in range(SHARDS):
            yield from self._under(f"{state}#{shard}")

    def park(self, sequence_id: str, reason: str, message: str, at: str) -> bool:
        """Close an open sequence with its reason; False when it was not open any more."""
        changes = {":reason": reason, ":message": message}
        return self._move(sequence_id, (OPEN, OPEN), PARKED, at, changes)

    def reopen(self, sequence_id: str, entry: dict[str, str]) -> bool:
        """Let a parked sequence be tried again; `entry` is the line of its history."""
        changes = {":reason": "", ":message": "", ":entry": [entry]}
        return self._move(sequence_id, (PARKED, PARKED), OPEN, entry["at"], changes)

    def discard(self, sequence_id: str, entry: dict[str, str]) -> bool:
        """Close a sequence for good."""
        changes = {":reason": DISCARDED, ":message": entry["note"], ":entry": [entry]}
        return self._move(sequence_id, (OPEN, PARKED), DISCARDED, entry["at"], changes)

    def posted(self, sequence_id: str, at: datetime) -> dict[str, Any]:
        """A transaction's update that closes an open sequence by its booking."""
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": _pk(sequence_id)}, "sk": {"S": _HEAD}},
                "UpdateExpression": "SET #state = :posted, last_at = :at REMOVE state_shard",
                "ConditionExpression": "#state = :open",
                "ExpressionAttributeNames": _STATE,
                "ExpressionAttributeValues": to_item(
                    {
                        ":posted": POSTED,
                        ":open": OPEN,
                        ":at": at.isoformat(timespec="milliseconds"),
                    }
                ),
            }
        }

    def _put(self, arrived: Arrived, sk: str) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(
                    {
                        "pk": _pk(arrived.part.sequence_id),
                        "sk": sk,
                        "part": msgspec.json.encode(arrived.part).decode(),
                        "event_id": arrived.event_id,
                        "business_time": arrived.business_time,
                    }
                ),
                "ConditionExpression": _BEGUN,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _count(self, part: SequenceLeg, at: str) -> dict[str, Any]:
        """One more leg of this very sequence: as many legs, the same checksum and value date."""
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": _pk(part.sequence_id)}, "sk": {"S": _HEAD}},
                "UpdateExpression": "SET last_at = :at ADD got :one",
                "ConditionExpression": (
                    "leg_count = :legs AND checksum = :checksum AND value_date = :day"
                ),
                "ExpressionAttributeValues": to_item(
                    {
                        ":at": at,
                        ":one": 1,
                        ":legs": part.leg_count,
                        ":checksum": part.checksum,
                        ":day": part.value_date,
                    }
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _move(
        self,
        sequence_id: str,
        before: tuple[str, str],
        after: str,
        at: str,
        changes: dict[str, Any],
    ) -> bool:
        values = {
            ":one_state": before[0],
            ":other_state": before[1],
            ":state": after,
            ":listed": _state_shard(after, sequence_id),
            ":at": at,
            ":entry": [],
        }
        try:
            self._client.update_item(
                TableName=self.table,
                Key={"pk": {"S": _pk(sequence_id)}, "sk": {"S": _HEAD}},
                UpdateExpression=(
                    "SET #state = :state, state_shard = :listed, last_at = :at, reason = :reason,"
                    " message = :message, history = list_append(history, :entry)"
                ),
                ConditionExpression="#state = :one_state OR #state = :other_state",
                ExpressionAttributeNames=_STATE,
                ExpressionAttributeValues=to_item(values | changes),
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            if transactions.unavailable(error):
                raise Unavailable(f"the assemblies answer {code_of(error)}") from error
            raise
        return True

    def _under(self, state_shard: str) -> Iterator[str]:
        request: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": BY_STATE,
            "KeyConditionExpression": "state_shard = :listed",
            "ExpressionAttributeValues": {":listed": {"S": state_shard}},
        }
        while True:
            answer = self._client.query(**request)
            yield from (item["pk"]["S"].removeprefix("Q#") for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _pk(sequence_id: str) -> str:
    return f"Q#{sequence_id}"


def _leg_key(part: SequenceLeg) -> str:
    return f"L#{part.leg.n:03d}"


def _state_shard(state: str, sequence_id: str) -> str:
    return f"{state}#{shard_of(sequence_id)}"


def _part_of(row: dict[str, Any]) -> SequenceLeg:
    return msgspec.json.decode(row["part"], type=SequenceLeg)


def _arrived(row: dict[str, Any]) -> Arrived:
    return Arrived(part=_part_of(row), event_id=row["event_id"], business_time=row["business_time"])
