"""The audit trail in S3: one event of the bus a line, in objects by hour, compressed or not."""

import gzip
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cli.system import System

# Objects lie under YYYY/MM/DD/HH/; beside them CloudTrail keeps its own.
_CENTURY = "20"
_AT_ONCE = 8


class Event(msgspec.Struct, rename={"detail_type": "detail-type"}, frozen=True):
    """One line; `time` is the bus's own time of the delivery."""

    detail_type: str
    detail: dict[str, Any]
    time: str = ""


class Trail:
    """Objects never change once written, so each is read once in the life of a Trail."""

    def __init__(self, system: System) -> None:
        self._client = system.client("s3")
        self._bucket = system.output("AuditBucketName")
        self._read: dict[str, list[Event]] = {}

    def events(self, since: datetime | None = None, until: datetime | None = None) -> list[Event]:
        """Events delivered in these hours; all there are without `since`."""
        if since is None:
            return self._under([_CENTURY])
        return self.within([(since, until or datetime.now(UTC))])

    def within(self, times: Iterable[tuple[datetime, datetime]]) -> list[Event]:
        """Events delivered in the hours that these times touch, each delivery once."""
        return self._under(dict.fromkeys(hour for each in times for hour in _hours(*each)))

    def _under(self, prefixes: Iterable[str]) -> list[Event]:
        keys = [key for prefix in prefixes for key in self._keys(prefix)]
        new = [key for key in keys if key not in self._read]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._read |= dict(zip(new, pool.map(self._lines, new), strict=True))
        return [event for key in keys for event in self._read[key]]

    def _keys(self, prefix: str) -> Iterator[str]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            answer = self._client.list_objects_v2(**request)
            yield from (entry["Key"] for entry in answer.get("Contents", []))
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def _lines(self, key: str) -> list[Event]:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return events_in(content)


def events_in(content: bytes) -> list[Event]:
    """The events of one object; a line that is no event is somebody else's and is left out."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    found = []
    for line in content.splitlines():
        if line.strip():
            try:
                found.append(msgspec.json.decode(line, type=Event))
            except msgspec.MsgspecError:
                continue
    return found


def _hours(since: datetime, until: datetime) -> Iterator[str]:
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        yield f"{hour:%Y/%m/%d/%H}/"
        hour += timedelta(hours=1)
