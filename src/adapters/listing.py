"""Lists that grow for ever, read a page at a time over the partitions of an index.

A page ends after its limit, and after so many partitions or rows that an answer comes in time: then
it is shorter than asked for, and leads on all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from adapters.items import from_item
from domain.query_parameters import BadParameter

# A partition is one request of some milliseconds.
_PARTITIONS_MAX = 200
_ROWS_MAX = 2_000
_ROWS_A_REQUEST = 100


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The next page begins in this partition, behind this key; empty: at its beginning."""

    partition: str
    after: str


# The rows of a partition behind a key, each with its own key; None for a row that is not wanted.
type Reader[Row] = Callable[[str, str], Iterator[tuple[str, Row | None]]]


def page[Row](
    partitions: Sequence[str], rows: Reader[Row], limit: int, place: Place | None
) -> tuple[list[Row], Place | None]:
    """At most `limit` rows, and where the next page begins; None at the end.

    Raises BadParameter for a place in a partition that was not asked for.
    """
    start = _index(partitions, place) if place else 0
    after = place.after if place else ""
    found: list[Row] = []
    seen = 0
    for partition in partitions[start : start + _PARTITIONS_MAX]:
        for key, row in rows(partition, after):
            if len(found) == limit or seen == _ROWS_MAX:
                return found, Place(partition, after)
            seen, after = seen + 1, key
            if row is not None:
                found.append(row)
        after = ""
    rest = partitions[start + _PARTITIONS_MAX :]
    return found, Place(rest[0], "") if rest else None


def index_rows(client: Any, request: dict[str, Any], start: Any) -> Iterator[dict[str, Any]]:
    """The rows of one partition, a hundred a request; `start` is the key of the row before."""
    request = request | {"Limit": _ROWS_A_REQUEST}
    if start:
        request["ExclusiveStartKey"] = start
    while True:
        answer = client.query(**request)
        yield from map(from_item, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _index(partitions: Sequence[str], place: Place) -> int:
    if place.partition not in partitions:
        raise BadParameter("next", "not a token: send the one of the page before")
    return partitions.index(place.partition)
