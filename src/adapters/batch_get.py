"""Rows of a table by their keys, a hundred a call."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.items import from_item, to_item

# DynamoDB gives at most a hundred items for one call, and refuses a key that is named twice.
_KEYS_MAX = 100


def batch_get(client: Any, table: str, keys: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Plain values of those rows that exist, read strongly, in no order."""
    found: list[dict[str, Any]] = []
    distinct = list({tuple(sorted(key.items())): key for key in keys}.values())
    for start in range(0, len(distinct), _KEYS_MAX):
        some = [to_item(key) for key in distinct[start : start + _KEYS_MAX]]
        request: Any = {table: {"Keys": some, "ConsistentRead": True}}
        while request:
            answer = client.batch_get_item(RequestItems=request)
            found += [from_item(item) for item in answer["Responses"].get(table, [])]
            request = answer.get("UnprocessedKeys")
    return found
