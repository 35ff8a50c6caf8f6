"""Reports of settlement files in the audit bucket: one JSON and one Markdown for each file."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.settlement_file import SettlementFile
from domain.settlement_report import SettlementReport


class SettlementStore:
    """A file that is checked again replaces its report; the bucket keeps the versions."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def save(self, report: SettlementReport) -> str:
        """Both forms; returns the key of the JSON."""
        name = f"{report.folder}/{report.file_id}"
        markdown = report.as_markdown().encode()
        self._write(f"{name}.md", markdown, "text/markdown; charset=utf-8")
        self._write(f"{name}.json", report.as_json(), "application/json")
        return f"{name}.json"

    def earlier(self, file: SettlementFile, since: str) -> Iterator[SettlementReport]:
        """Reports of this network's other files for settlement dates from `since` on."""
        prefix = f"settlement/{file.network}/"
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Prefix": prefix,
            "StartAfter": f"{prefix}{since}",
        }
        own = f"{prefix}{file.settlement_date}/{file.file_id}.json"
        while True:
            answer = self._client.list_objects_v2(**request)
            for entry in answer.get("Contents", []):
                if entry["Key"].endswith(".json") and entry["Key"] != own:
                    yield self._read(entry["Key"])
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def _read(self, key: str) -> SettlementReport:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return msgspec.json.decode(body, type=SettlementReport)

    def _write(self, key: str, body: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)
