"""The Payments table: one row for each card payment, and pointers to it from the keys of its
messages.

Everything is read strongly by key: an index would show a payment late, and a reversal that misses
its authorisation for a moment would wait for it in vain.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import msgspec

from adapters import transactions
from adapters.batch_get import batch_get
from adapters.due_index import due_items, due_shard_of
from adapters.items import from_item, to_item
from domain.life import Life
from domain.lifecycle import Change
from domain.matching import Keys


def payment_key(payment_id: str) -> str:
    return f"P#{payment_id}"


def pointer_key(key: str) -> str:
    return f"X#{key}"


class Found(NamedTuple):
    """`life` is None where no message of the payment has come; `keys` are those of the message that
    point to no other payment.
    """

    life: Life | None
    keys: tuple[str, ...]


class PaymentTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def find(self, keys: Keys) -> Found:
        """The payment that one of these keys points to: the first that does."""
        named = self.pointers(keys)
        payment_id = next((named[key] for key in keys.all if key in named), None)
        ours = tuple(key for key in keys.all if named.get(key, payment_id) == payment_id)
        return Found(self.get(payment_id) if payment_id else None, ours)

    def pointers(self, keys: Keys) -> dict[str, str]:
        """Payment ids by those of the keys that point to one."""
        rows = batch_get(self._client, self.table, [{"pk": pointer_key(key)} for key in keys.all])
        return {row["pk"].removeprefix("X#"): row["payment_id"] for row in rows}

    def get(self, payment_id: str) -> Life | None:
        """A payment, read strongly."""
        answer = self._client.get_item(
            TableName=self.table, Key={"pk": {"S": payment_key(payment_id)}}, ConsistentRead=True
        )
        return life_of_row(from_item(answer["Item"])) if "Item" in answer else None

    def put(self, change: Change) -> dict[str, dict[str, Any]]:
        """A transaction's actions by name: the payment on the version that was read, and the
        pointers to it that do not stand yet.
        """
        payment_id = change.after.payment.payment_id
        known = change.before.keys if change.before else ()
        keys = [key for key in change.keys if key not in known]
        after = msgspec.structs.replace(change.after, keys=(*known, *keys))
        pointers = {f"pointer {key}": self._pointer(key, payment_id) for key in keys}
        return {"payment": self._put(change.before, after), **pointers}

    def forget(self, life: Life, ingest_ids: Collection[str]) -> None:
        """These records wait no longer; left to the next call where the payment moved meanwhile."""
        after = life.next_version()
        for ingest_id in ingest_ids:
            after = after.without(ingest_id)
        transactions.write(self._client, [self._put(life, after)])

    def due(self, shard: int, until: str) -> Iterator[str]:
        """Ids of the payments of this shard that have a timer which ended, the oldest first."""
        for item in due_items(self._client, self.table, shard, until):
            yield item["pk"]["S"].removeprefix("P#")

    def _put(self, before: Life | None, after: Life) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self.table, "Item": to_item(row_of(after))}
        if before is None:
            return {"Put": put | {"ConditionExpression": "attribute_not_exists(pk)"}}
        return {
            "Put": put
            | {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(before.payment.version)}},
            }
        }

    def _pointer(self, key: str, payment_id: str) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item({"pk": pointer_key(key), "payment_id": payment_id}),
                "ConditionExpression": "attribute_not_exists(pk) OR payment_id = :payment",
                "ExpressionAttributeValues": {":payment": {"S": payment_id}},
            }
        }


def row_of(life: Life) -> dict[str, Any]:
    """The counters lie open in the row; it is in the index while it has a timer."""
    values = msgspec.to_builtins(life)
    payment = values.pop("payment")
    row: dict[str, Any] = {**payment, **values, "label": life.label}
    row["pk"] = payment_key(payment["payment_id"])
    if life.due is not None:
        row |= {"due_shard": due_shard_of(payment["payment_id"]), "due_at": life.due}
    return row


def life_of_row(row: dict[str, Any]) -> Life:
    return msgspec.convert(row | {"payment": row}, Life)
