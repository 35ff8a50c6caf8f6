"""Orders of people that book: who asked for what and why, and who approved it.

Rows of the Journal, put once and never changed like all of it: `ORDER#{slot}` / `{digest}` is what
was asked for, `ORDER#{slot}` / `{digest}#APPROVED` that a second person agreed.
"""

from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters.items import from_item, to_item
from adapters.refusals import standing_item
from domain.errors import Refused

_APPROVED = "#APPROVED"


class CorrectionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`slot` is the header that it will have, `digest` its content, `change` what was asked for."""

    slot: str
    digest: str
    by: str
    at: str
    note: str
    change: str = "{}"

    @property
    def id(self) -> str:
        return f"ORDER#{self.slot}#{self.digest}"


class OrderBook:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def ask(self, order: CorrectionOrder) -> CorrectionOrder:
        """Keep it; returns the order that stands there, which is the first one of this content."""
        return self._put(order, order.digest)

    def approve(self, order: CorrectionOrder) -> CorrectionOrder:
        """Keep that this person agreed; returns the approval that stands there."""
        return self._put(order, f"{order.digest}{_APPROVED}")

    def agree(self, approval: CorrectionOrder) -> CorrectionOrder:
        """The order that this person agrees to, which another one must have given; the agreement
        is kept. Raises Refused.
        """
        asked = {each.digest: each for each in self.asked(approval.slot)}
        order = asked.get(approval.digest)
        if order is None:
            raise Refused("NOT_ASKED", f"nobody has asked for this content of {approval.slot}")
        if order.by == approval.by:
            raise Refused("SAME_PERSON", f"{order.by} has asked for it: another one must approve")
        self.approve(approval)
        return order

    def asked(self, slot: str) -> list[CorrectionOrder]:
        """What was asked for this slot, approved or not."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :order",
            ExpressionAttributeValues={":order": {"S": f"ORDER#{slot}"}},
            ConsistentRead=True,
        )
        rows = [from_item(item) for item in answer["Items"]]
        return [
            msgspec.convert(row, CorrectionOrder)
            for row in rows
            if not row["sk"].endswith(_APPROVED)
        ]

    def _put(self, order: CorrectionOrder, sort_key: str) -> CorrectionOrder:
        row = msgspec.structs.asdict(order) | {"pk": f"ORDER#{order.slot}", "sk": sort_key}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return msgspec.convert(standing_item(error), CorrectionOrder)
        return order
