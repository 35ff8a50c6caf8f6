"""The audit trail: every bus event as a line of JSON, in objects by hour (UTC) that Firehose
wrote.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from domain.events import TransactionPosted


class _Line(msgspec.Struct, rename={"detail_type": "detail-type"}):
    detail_type: str
    detail: msgspec.Raw


class _Identified(msgspec.Struct):
    meta: "_EventId"


class _EventId(msgspec.Struct):
    event_id: str


class AuditTrail:
    """Objects lie under `YYYY/MM/DD/HH/`, Firehose's own prefix."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def posted_event_ids(self, since: datetime, until: datetime) -> set[str]:
        """Event ids of the TransactionPosted events delivered from the hour of `since` to that of
        `until`.
        """
        return {
            msgspec.json.decode(line.detail, type=_Identified).meta.event_id
            for hour in _hours(since, until)
            for key in self._keys(f"{hour:%Y/%m/%d/%H}/")
            for line in self._lines(key)
            if line.detail_type == TransactionPosted.detail_type()
        }

    def objects(self, since: datetime, until: datetime, after: str = "") -> Iterator[str]:
        """Keys of the objects from the hour of `since` to that of `until`, in their order; those
        behind the key `after`.
        """
        for hour in _hours(since, until):
            prefix = f"{hour:%Y/%m/%d/%H}/"
            if prefix >= after or after.startswith(prefix):
                yield from self._keys(prefix, after)

    def posted_in(self, key: str) -> Iterator[TransactionPosted]:
        """The TransactionPosted events of one object. Raises msgspec.MsgspecError."""
        for line in self._lines(key):
            if line.detail_type == TransactionPosted.detail_type():
                yield msgspec.json.decode(line.detail, type=TransactionPosted)

    def _keys(self, prefix: str, after: str = "") -> Iterator[str]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        if after.startswith(prefix):
            request["StartAfter"] = after
        while True:
            answer = self._client.list_objects_v2(**request)
            yield from (entry["Key"] for entry in answer.get("Contents", []))
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def _lines(self, key: str) -> Iterator[_Line]:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        for line in content.splitlines():
            if line.strip():
                yield msgspec.json.decode(line, type=_Line)


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        yield hour
        hour += timedelta(hours=1)
