"""Stored reconciliation reports, read from the audit bucket."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from cli.errors import UserError
from cli.system import System
from domain.reconciliation_report import Report

_PREFIX = "reconciliation/"


@dataclass(frozen=True, slots=True)
class Stored:
    """A report as it was made, and the values of its JSON."""

    made: Report
    values: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        names = ("run_id", "in_agreement", "breaks_found", "breaks_remaining", "run")
        return {name: self.values[name] for name in names}


class Reports:
    def __init__(self, system: System) -> None:
        self._client = system.client("s3")
        self._bucket = system.output("AuditBucketName")

    def newest(self) -> list[str]:
        """Keys of all reports, the latest first. The lists of a run lie a folder deeper."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=_PREFIX
        )
        found = [entry for page in pages for entry in page.get("Contents", [])]
        reports = [each for each in found if _is_report(each["Key"])]
        return [
            each["Key"]
            for each in sorted(reports, key=lambda each: each["LastModified"], reverse=True)
        ]

    def read(self, run: str) -> Stored:
        """The report of this run. Raises UserError when there is none."""
        for key in self.newest():
            if key.endswith(f"/{run}.json"):
                return self.read_key(key)
        raise UserError(f"no report of a run {run}: './posting reconcile --list' names the latest")

    def read_key(self, key: str) -> Stored:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return Stored(msgspec.json.decode(body, type=Report), json.loads(body))


def _is_report(key: str) -> bool:
    return key.endswith(".json") and key.count("/") == 2
