"""The statement lines of one account and currency in the Journal: by number, and in ranges."""

from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.items import Item, from_item
from adapters.journal import statement_key
from domain.errors import Contradiction
from domain.statement import Line

# A search reads on for a few lines only; a statement reads whole pages of a megabyte.
_NEARBY = 25


class LineBook:
    """Reads are strong. Raises Contradiction for a line that should be there and is not."""

    def __init__(self, client: Any, table: str, account: str, currency: str) -> None:
        self._client = client
        self._table = table
        self._key = statement_key(account, currency)

    def line(self, number: int) -> Line:
        answer = self._client.get_item(
            TableName=self._table,
            Key={"pk": {"S": self._key}, "sk": {"S": _sort_key(number)}},
            ConsistentRead=True,
        )
        if "Item" not in answer:
            raise Contradiction("STATEMENT_BROKEN", f"line {number} of {self._key} is missing")
        return _line(answer["Item"])

    def lines(self, first: int, last: int) -> Iterator[Line]:
        """A few at a time: who searches stops soon."""
        return self.pages(first, last, _NEARBY)

    def pages(self, first: int, last: int, page: int | None = None) -> Iterator[Line]:
        """The lines from one number to another, `page` of them a call."""
        if first > last:
            return
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": self._key},
                ":first": {"S": _sort_key(first)},
                ":last": {"S": _sort_key(last)},
            },
            "ConsistentRead": True,
        }
        if page is not None:
            request["Limit"] = page
        while True:
            answer = self._client.query(**request)
            yield from map(_line, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def balance_after(self, number: int) -> int:
        """0 before the first line."""
        return self.line(number).balance_after if number else 0


def _sort_key(number: int) -> str:
    return f"{number:012d}"


def _line(item: Item) -> Line:
    row = from_item(item)
    return msgspec.convert(row | {"posting_no": int(row["sk"])}, Line)
