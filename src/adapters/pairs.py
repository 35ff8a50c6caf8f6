"""Rows of the Claims table that bring a request and its response together, whichever comes first.

Each of the two enters itself, in one write that answers with the row after it: writes of one row
have an order, so that the second of the two sees the first.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters.items import from_item
from adapters.refusals import code_of
from domain.errors import Unavailable
from domain.pairing import Role

_PREFIX = "PAIR#"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """The ingest_ids of the first request and of the first response that came."""

    request: str | None = None
    response: str | None = None


class PairTable:
    """Under keys of its own in the table of the claims."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def enter(self, key: str, role: Role, ingest_id: str) -> Pair:
        """Say that this record is the pair's request or response, unless another one is.

        The pair after it. A repeat changes nothing. Raises Unavailable.
        """
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(key),
                UpdateExpression="SET #role = if_not_exists(#role, :this)",
                ExpressionAttributeNames={"#role": role},
                ExpressionAttributeValues={":this": {"S": ingest_id}},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            raise Unavailable(code_of(error)) from error
        return _pair(from_item(answer["Attributes"]))

    def get(self, key: str) -> Pair:
        """As far as it has come, read strongly."""
        answer = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return _pair(from_item(answer.get("Item", {})))


def _key(key: str) -> dict[str, Any]:
    return {"msg_id": {"S": f"{_PREFIX}{key}"}}


def _pair(row: Mapping[str, Any]) -> Pair:
    return Pair(request=row.get("request"), response=row.get("response"))
