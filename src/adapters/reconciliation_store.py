"""What a reconciliation keeps in the audit bucket: work between two pages, lists, reports."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.reconciliation import Break, Comparison
from domain.reconciliation_run import Run


class ReconciliationStore:
    """A page that is read again writes the same objects again. Work is deleted after some days."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def load[Work: msgspec.Struct](self, run: Run, name: str, kind: type[Work]) -> Work:
        """What an earlier page left under this name."""
        return msgspec.json.decode(self._read(_work(run, name)), type=kind)

    def save(self, run: Run, name: str, work: msgspec.Struct) -> None:
        self._write(_work(run, name), msgspec.json.encode(work), "application/json")

    def save_breaks(self, run: Run, name: str, breaks: Sequence[Break]) -> str:
        """The whole list of a page's breaks, under a name of its own; returns its key."""
        key = f"{run.folder}/{name}.json"
        self._write(key, msgspec.json.encode(breaks), "application/json")
        return key

    def breaks(self, comparison: Comparison) -> list[Break]:
        """All breaks of a comparison."""
        return [
            each
            for key in comparison.lists
            for each in msgspec.json.decode(self._read(key), type=list[Break])
        ]

    def save_report(self, run: Run, as_json: bytes, as_markdown: str) -> str:
        """Both forms, beside the run's folder; returns the key of the JSON."""
        self._write(f"{run.folder}.md", as_markdown.encode(), "text/markdown; charset=utf-8")
        self._write(f"{run.folder}.json", as_json, "application/json")
        return f"{run.folder}.json"

    def _read(self, key: str) -> bytes:
        return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def _write(self, key: str, body: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)


def _work(run: Run, name: str) -> str:
    return f"work/{run.folder}/{name}.json"
