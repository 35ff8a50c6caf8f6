"""The Claims table: which record speaks for a message. Owner-tagged, so that a retry is no
duplicate.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters.items import from_item, to_item
from adapters.refusals import standing_item
from domain.received import Received

_SWEEP = "SWEEP"


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """`owner` is an ingest_id; `fields` its business content, to name what differs."""

    owner: str
    fingerprint: str
    fields: dict[str, str]
    claimed_at: str | None = None


class ClaimTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def claim(self, record: Received, at: str) -> Claim | None:
        """Claim the message for this record. Returns None when it is ours, else the rival's claim.

        Ours also on a retry: an owner meets its own claim. Raises Unavailable.
        """
        try:
            self._client.put_item(
                TableName=self.table,
                Item=to_item(
                    {
                        "msg_id": record.msg_id,
                        "owner": record.ingest_id,
                        "fingerprint": record.fingerprint,
                        "fields": record.fields,
                        "claimed_at": at,
                    }
                ),
                ConditionExpression="attribute_not_exists(msg_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            return None
        except ClientError as error:
            standing = _claim(standing_item(error))
        return None if standing.owner == record.ingest_id else standing

    def get(self, msg_id: str) -> Claim | None:
        """Who speaks for a message, read strongly."""
        answer = self._client.get_item(
            TableName=self.table, Key={"msg_id": {"S": msg_id}}, ConsistentRead=True
        )
        return _claim(from_item(answer["Item"])) if "Item" in answer else None

    def hand_over(self, msg_id: str, owner: str, record: Received, at: str) -> dict[str, Any]:
        """A transaction's update that moves a claim from its owner to another record."""
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"msg_id": {"S": msg_id}},
                "UpdateExpression": (
                    "SET #owner = :new, fingerprint = :fingerprint, #fields = :fields,"
                    " claimed_at = :at"
                ),
                "ConditionExpression": "attribute_not_exists(msg_id) OR #owner = :old",
                "ExpressionAttributeNames": {"#owner": "owner", "#fields": "fields"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":new": record.ingest_id,
                        ":old": owner,
                        ":fingerprint": record.fingerprint,
                        ":fields": record.fields,
                        ":at": at,
                    }
                ),
            }
        }

    def swept_until(self) -> str | None:
        """The last minute that the sweep found fully accounted for, as ISO, or None before the
        first.
        """
        answer = self._client.get_item(
            TableName=self.table, Key={"msg_id": {"S": _SWEEP}}, ConsistentRead=True
        )
        return answer["Item"]["minute"]["S"] if "Item" in answer else None

    def remember_swept(self, minute: str) -> None:
        self._client.put_item(
            TableName=self.table, Item=to_item({"msg_id": _SWEEP, "minute": minute})
        )


def _claim(row: Mapping[str, Any]) -> Claim:
    return Claim(
        owner=row["owner"],
        fingerprint=row["fingerprint"],
        fields=row["fields"],
        claimed_at=row.get("claimed_at"),
    )
