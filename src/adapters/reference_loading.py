"""Writing the Reference table: versioned rows, unchanged ones left alone, history kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.items import to_item
from adapters.reference import (
    CURRENT,
    ReferenceTable,
    Row,
    account_key,
    card_key,
    category_key,
    hold_key,
    merchant_key,
    product_key,
    rate_key,
)

_BATCH_MAX = 25
_ROUNDS_MAX = 8
_STORED_ONLY = {"pk", "sk", "version"}

KEYS: Mapping[str, Callable[[Row], str]] = {
    "accounts": lambda row: account_key(row["account_id"]),
    "cards": lambda row: card_key(row["token"]),
    "products": lambda row: product_key(row["product"]),
    "merchants": lambda row: merchant_key(row["merchant_id"]),
    "mcc": lambda row: category_key(row["mcc"]),
    "holds": lambda row: hold_key(row["network"], row["mcc"], row["authorisation"]),
}


class ReferenceLoading:
    def __init__(self, client: Any, table: ReferenceTable) -> None:
        self._client = client
        self._table = table

    def next_version(self) -> int:
        """The number of a new load: rows that it changes carry it."""
        answer = self._client.update_item(
            TableName=self._table.table,
            Key={"pk": {"S": "LOAD"}, "sk": {"S": "COUNTER"}},
            UpdateExpression="ADD load_no :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["load_no"]["N"])

    def load(self, kind: str, rows: Sequence[Row], version: int) -> int:
        """Put the rows that are new or changed, each with a history row; returns how many those
        are.
        """
        key_of = KEYS[kind]
        standing = self._table.current({key_of(row) for row in rows})
        changed = [row for row in rows if _content(standing.get(key_of(row), {})) != _content(row)]
        items = []
        for row in changed:
            stored = _content(row) | {"pk": key_of(row), "version": version}
            items += [stored | {"sk": CURRENT}, stored | {"sk": f"V#{version:08d}"}]
        self._put_all(items)
        return len(changed)

    def load_rates(self, rows: Sequence[Row]) -> int:
        """Put rates by pair and time; a rate of the same time replaces the one before."""
        items = [
            row | {"pk": rate_key(row["base"], row["quote"]), "sk": row["as_of"]} for row in rows
        ]
        self._put_all(items)
        return len(items)

    def _put_all(self, rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), _BATCH_MAX):
            puts = [
                {"PutRequest": {"Item": to_item(row)}} for row in rows[start : start + _BATCH_MAX]
            ]
            request: Any = {self._table.table: puts}
            for _ in range(_ROUNDS_MAX):
                answer = self._client.batch_write_item(RequestItems=request)
                request = answer.get("UnprocessedItems")
                if not request:
                    break
            else:
                raise TimeoutError("the reference table keeps leaving rows unwritten")


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in row.items() if name not in _STORED_ONLY and value is not None
    }
