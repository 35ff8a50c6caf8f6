"""The Parked table: what was not booked, why, and what happened to it since.

A row is put if absent, or over a RELEASED one as it was read, whose story moves into `history`;
over PARKED only where that says that the same message failed, or waits.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from adapters import transactions
from adapters.batch_get import batch_get
from adapters.due_index import DUE_SHARDS, due_items, due_shard_of
from adapters.items import from_item, to_item
from adapters.parked_row import (
    DISCARDED,
    FAILED,
    INVALID,
    PARKED,
    PENDING_MATCH,
    RELEASED,
    RESOLVED,
    ParkedRow,
    gives_way,
    is_provisional,
    parked_item,
    with_story,
)
from adapters.refusals import CONDITION_FAILED, code_of, standing_item
from domain.business_time import iso_instant
from domain.errors import Unavailable

_NEW = "attribute_not_exists(ingest_id)"
_STATE = {"#state": "state"}
_AS_RELEASED = {":released": {"S": RELEASED}}


class ParkedTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def get(self, ingest_id: str) -> dict[str, Any] | None:
        """The row as stored, read strongly."""
        answer = self._client.get_item(
            TableName=self.table, Key={"ingest_id": {"S": ingest_id}}, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, ingest_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Those of the rows that exist, read strongly."""
        return batch_get(self._client, self.table, [{"ingest_id": each} for each in ingest_ids])

    def put(self, row: ParkedRow) -> dict[str, Any] | None:
        """Park a record. Returns None when written, else the row that stands there.

        A released row is replaced, with its story kept in `history`. Raises Unavailable.
        """
        standing = self.put_first(row)
        if standing is None or not gives_way(standing, row):
            return standing
        return self._put(self._over(row, standing))

    def put_first(self, row: ParkedRow) -> dict[str, Any] | None:
        """Park a record that was never parked. Returns None when written, else the row that stands
        there. Raises Unavailable.
        """
        return self._put(self._first(row))

    def put_unbooked(self, row: ParkedRow, unbooked: dict[str, Any]) -> None:
        """Park a record unless it is booked; `unbooked` is a transaction's check of that.

        A late delivery may find that another record speaks for the message by now, and this one
        booked all the same: then its header stays its only outcome. Raises Unavailable.
        """
        put = self._first(row)
        for _ in range(2):
            standing = transactions.write(self._client, [unbooked, {"Put": put}]).get(1)
            if standing is None or not gives_way(standing, row):
                return
            put = self._over(row, standing)

    def first_with(self, content_digest: str, ingest_id: str) -> str | None:
        """Remember the first record with this content; returns it when that is another one.

        For records without a business key, so that a second submission can point at the first.
        """
        try:
            self._client.put_item(
                TableName=self.table,
                Item=to_item({"ingest_id": f"D#{content_digest}", "original": ingest_id}),
                ConditionExpression=_NEW,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            return None
        except ClientError as error:
            first = standing_item(error)["original"]
        return None if first == ingest_id else str(first)

    def condition_free(self, ingest_id: str, msg_id: str) -> dict[str, Any]:
        """A transaction's check that the record has no parked outcome: no row, or one in flight
        again, or one whose failure or wait a booking has ended.

        A record that was released as a message of its own is in flight, and booked, under that id
        only: a late delivery under the first one would book it twice.
        """
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": {"ingest_id": {"S": ingest_id}},
                "ConditionExpression": (
                    "attribute_not_exists(ingest_id)"
                    " OR ((#state = :released OR #state = :resolved) AND msg_id = :msg_id)"
                ),
                "ExpressionAttributeNames": _STATE,
                "ExpressionAttributeValues": _AS_RELEASED
                | {":resolved": {"S": RESOLVED}, ":msg_id": {"S": msg_id}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def resolve(self, ingest_id: str, msg_id: str, booked_at: datetime) -> dict[str, Any]:
        """A transaction's action that turns the record's FAILED or PENDING_MATCH row into
        RESOLVED, where it is of this message.
        """
        entry = {
            "state": RESOLVED,
            "at": booked_at.isoformat(timespec="milliseconds"),
            "by": "post",
        }
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"ingest_id": {"S": ingest_id}},
                "UpdateExpression": (
                    "SET #state = :resolved, history = list_append(history, :entry)"
                ),
                "ConditionExpression": (
                    "#state = :parked AND (reason = :failed OR reason = :waiting)"
                    " AND msg_id = :msg_id"
                ),
                "ExpressionAttributeNames": _STATE,
                "ExpressionAttributeValues": to_item(
                    {
                        ":msg_id": msg_id,
                        ":resolved": RESOLVED,
                        ":parked": PARKED,
                        ":failed": FAILED,
                        ":waiting": PENDING_MATCH,
                        ":entry": [entry],
                    }
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def supersede(
        self, row: ParkedRow, standing: Mapping[str, Any] | None
    ) -> dict[str, Any] | None:
        """A transaction's put of a row over what was read: nothing, a released row, one that waits
        or one of a failure on the way. None where the standing row gives way to nothing.
        """
        if standing is None:
            return {"Put": self._first(row)}
        if not is_provisional(standing, row) and not gives_way(standing, row):
            return None
        return {"Put": self._over(row, standing)}

    def release(self, ingest_id: str, msg_id: str, entry: Mapping[str, str]) -> dict[str, Any]:
        """A transaction's action that turns PARKED into RELEASED, for this message id from
        now on. It lies in the index from then on, so that the sweep sees what became of it.
        """
        return {
            "Update": self._transition(ingest_id, RELEASED, entry)
            | {
                "UpdateExpression": (
                    "SET #state = :to, history = list_append(history, :entry), msg_id = :msg_id,"
                    " due_shard = :shard, due_at = :at"
                ),
                "ConditionExpression": "#state = :parked AND reason <> :invalid",
                "ExpressionAttributeValues": to_item(
                    {
                        ":to": RELEASED,
                        ":parked": PARKED,
                        ":invalid": INVALID,
                        ":entry": [dict(entry)],
                        ":msg_id": msg_id,
                        ":shard": due_shard_of(ingest_id),
                        ":at": iso_instant(datetime.fromisoformat(entry["at"])),
                    }
                ),
            }
        }

    def discard(self, ingest_id: str, entry: Mapping[str, str]) -> bool:
        """Turn PARKED into DISCARDED; False when the row is in another state."""
        return self._done(self._transition(ingest_id, DISCARDED, entry))

    def answer(self, ingest_id: str, response: str, at: str) -> bool:
        """Turn a request that waits into RESOLVED, by this response; False where it does not wait.

        Raises Unavailable.
        """
        entry = {"state": RESOLVED, "at": at, "by": "response"}
        change = self._end_of_wait(ingest_id, RESOLVED, entry)
        change["UpdateExpression"] = (
            "SET #state = :to, history = list_append(history, :entry), #response = :response"
            " REMOVE due_shard"
        )
        change["ExpressionAttributeNames"] = _STATE | {"#response": "response"}
        change["ExpressionAttributeValues"] |= {":response": {"S": response}}
        return self._done(change)

    def time_out(self, ingest_id: str, at: str) -> bool:
        """Turn a request that waits into RELEASED; False where it does not wait.

        It stays in the index, so that the sweep sees what became of it. Raises Unavailable.
        """
        entry = {"state": RELEASED, "at": at, "by": "timers", "note": "no response came in time"}
        return self._done(self._end_of_wait(ingest_id, RELEASED, entry))

    def leave_index(self, ingest_id: str) -> bool:
        """A RELEASED row of a record that has its outcome; False where it is not RELEASED."""
        return self._done(
            {
                "TableName": self.table,
                "Key": {"ingest_id": {"S": ingest_id}},
                "UpdateExpression": "REMOVE due_shard",
                "ConditionExpression": "#state = :released",
                "ExpressionAttributeNames": _STATE,
                "ExpressionAttributeValues": _AS_RELEASED,
            }
        )

    def due(self, until: str) -> Iterator[str]:
        """Ingest_ids of the requests whose time ended, and of what was released until then."""
        for shard in range(DUE_SHARDS):
            for item in due_items(self._client, self.table, shard, until):
                yield item["ingest_id"]["S"]

    def _end_of_wait(self, ingest_id: str, state: str, entry: Mapping[str, str]) -> dict[str, Any]:
        change = self._transition(ingest_id, state, entry)
        change["UpdateExpression"] = "SET #state = :to, history = list_append(history, :entry)"
        change["ConditionExpression"] = "#state = :parked AND reason = :waiting"
        change["ExpressionAttributeValues"] |= {":waiting": {"S": PENDING_MATCH}}
        return change

    def _done(self, change: dict[str, Any]) -> bool:
        try:
            self._client.update_item(**change)
        except ClientError as error:
            # Without a row there is no item to read: the condition failed all the same.
            if code_of(error) != CONDITION_FAILED:
                raise Unavailable(code_of(error)) from error
            return False
        return True

    def _transition(self, ingest_id: str, state: str, entry: Mapping[str, str]) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": {"ingest_id": {"S": ingest_id}},
            "UpdateExpression": (
                "SET #state = :to, history = list_append(history, :entry) REMOVE due_shard"
            ),
            "ConditionExpression": "#state = :parked",
            "ExpressionAttributeNames": _STATE,
            "ExpressionAttributeValues": to_item(
                {":to": state, ":parked": PARKED, ":entry": [dict(entry)]}
            ),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _put(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """None when written, else the row that stands there. Raises Unavailable."""
        try:
            self._client.put_item(**request)
            return None
        except ClientError as error:
            return standing_item(error)

    def _first(self, row: ParkedRow) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Item": parked_item(row),
            "ConditionExpression": _NEW,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _over(self, row: ParkedRow, standing: Mapping[str, Any]) -> dict[str, Any]:
        """Over the row as it was read: another one may have been parked and released since."""
        return {
            "TableName": self.table,
            "Item": parked_item(with_story(row, standing)),
            "ConditionExpression": "#state = :state AND parked_at = :read",
            "ExpressionAttributeNames": _STATE,
            "ExpressionAttributeValues": to_item(
                {":state": standing["state"], ":read": standing["parked_at"]}
            ),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
