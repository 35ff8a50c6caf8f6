"""The Journal table: headers, statement lines and purchase pointers. Items are put once, never
changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from adapters.batch_get import batch_get
from adapters.items import from_item, to_item
from domain.booking import Booking
from domain.charging import SUSPEND
from domain.events import CustomerEffect, Posted
from domain.header import StoredHeader
from domain.identity import SHARDS, minute_shard, shard_of
from domain.settling import BREAK_REASON

HEADER = "H"
BY_MINUTE = "by-minute"
BY_SUSPENDED_DAY = "by-suspended-day"


class JournalTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def get(self, header_id: str) -> StoredHeader | None:
        """A header, read strongly."""
        answer = self._client.get_item(
            TableName=self.table,
            Key={"pk": {"S": header_id}, "sk": {"S": HEADER}},
            ConsistentRead=True,
        )
        return stored_header(from_item(answer["Item"])) if "Item" in answer else None

    def put_header(self, posted: Posted, booking: Booking) -> dict[str, Any]:
        """A transaction's put of a header that must not exist: the slot that decisions compete
        for.
        """
        values = msgspec.to_builtins(posted) | {
            "pk": posted.header_id,
            "sk": HEADER,
            "causation_id": booking.causation_id,
            "business_time": booking.business_time,
            "record": booking.record,
            "decided": booking.decided,
            "booked_minute": minute_shard(posted.booked_at, posted.header_id),
            "suspended_day": suspended_day(posted),
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(values),
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def put_line(self, posted: Posted, effect: CustomerEffect) -> dict[str, Any]:
        """A transaction's put of the customer's statement line."""
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(
                    {
                        "pk": statement_key(effect.account, effect.currency),
                        "sk": f"{effect.posting_no:012d}",
                        "header_id": posted.header_id,
                        "amount": effect.net,
                        "balance_after": effect.balance_after,
                        "purpose": posted.purpose,
                        "narrative": posted.narrative,
                        "value_date": posted.value_date,
                        "booked_at": posted.booked_at,
                    }
                ),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def put_purchase(self, purchase_id: str, kind: str) -> dict[str, Any]:
        """A transaction's claim on a purchase: kept if the same kind of message has it already.

        A response (0210) and an advice (0220) of one purchase are two presentments; several advices
        are partial clearings. Putting the same item again changes nothing.
        """
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item({"pk": f"X#{purchase_id}", "sk": "P", "presented_as": kind}),
                "ConditionExpression": "attribute_not_exists(pk) OR presented_as = :kind",
                "ExpressionAttributeValues": {":kind": {"S": kind}},
            }
        }

    def presented_as(self, purchase_id: str) -> str | None:
        """The kind of message that has the purchase, read strongly; None while nobody has it."""
        answer = self._client.get_item(
            TableName=self.table,
            Key={"pk": {"S": f"X#{purchase_id}"}, "sk": {"S": "P"}},
            ConsistentRead=True,
        )
        return answer["Item"]["presented_as"]["S"] if "Item" in answer else None

    def absent(self, header_id: str) -> dict[str, Any]:
        """A transaction's check that this header does not exist."""
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": {"pk": {"S": header_id}, "sk": {"S": HEADER}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def not_of(self, ingest_id: str, header_id: str) -> dict[str, Any]:
        """A transaction's check that this header, if there is one, is another record's."""
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": {"pk": {"S": header_id}, "sk": {"S": HEADER}},
                "ConditionExpression": "attribute_not_exists(pk) OR ingest_id <> :record",
                "ExpressionAttributeValues": {":record": {"S": ingest_id}},
            }
        }

    def headers_between(self, since: datetime, until: datetime) -> Iterator[str]:
        """Ids of the headers booked from the minute of `since` to that of `until`, by the index."""
        minute = since.astimezone(UTC).replace(second=0, microsecond=0)
        while minute <= until:
            told = minute.isoformat()[:16]
            for shard in range(SHARDS):
                yield from self.headers_under(f"{told}#{shard}")
            minute += timedelta(minutes=1)

    def get_many(self, header_ids: list[str]) -> dict[str, StoredHeader]:
        """Headers by id, read strongly, a hundred a call."""
        found: dict[str, StoredHeader] = {}
        for start in range(0, len(header_ids), 100):
            keys = [
                {"pk": {"S": header_id}, "sk": {"S": HEADER}}
                for header_id in header_ids[start : start + 100]
            ]
            request: Any = {self.table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self._client.batch_get_item(RequestItems=request)
                for item in answer["Responses"].get(self.table, []):
                    header = stored_header(from_item(item))
                    found[header.posted.header_id] = header
                request = answer.get("UnprocessedKeys")
        return found

    def get_lines(self, effects: Iterable[CustomerEffect]) -> dict[tuple[str, int], dict[str, Any]]:
        """The statement lines of these postings, by account#currency and number, read strongly."""
        keys = [
            {"pk": statement_key(each.account, each.currency), "sk": f"{each.posting_no:012d}"}
            for each in effects
        ]
        lines = batch_get(self._client, self.table, keys)
        return {(line["pk"].removeprefix("S#"), int(line["sk"])): line for line in lines}

    def headers_under(self, minute_shard: str) -> Iterator[str]:
        """Ids of the headers under one key of the index."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": BY_MINUTE,
            "KeyConditionExpression": "booked_minute = :minute",
            "ExpressionAttributeValues": {":minute": {"S": minute_shard}},
        }
        while True:
            answer = self._client.query(**request)
            yield from (item["pk"]["S"] for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def suspended_day(posted: Posted) -> str | None:
    """Index key of a suspense booking or of a settlement's break, its day and a shard; None for any
    other.
    """
    if posted.purpose != SUSPEND and posted.reason != BREAK_REASON:
        return None
    return f"{posted.booking_date}#{shard_of(posted.header_id)}"


def statement_key(account: str, currency: str) -> str:
    return f"S#{account}#{currency}"


def stored_header(values: Mapping[str, Any]) -> StoredHeader:
    """A header from the plain values of its item."""
    return StoredHeader(
        posted=msgspec.convert(values, Posted),
        causation_id=values["causation_id"],
        business_time=values["business_time"],
        record=values.get("record"),
        decided=values.get("decided"),
    )
