"""A reconciliation's report on the screen, and where it is found."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from cli import reconcile_view, screen
from cli.errors import UserError
from cli.reports import Reports, Stored
from domain.money import Money
from domain.reconciliation import SWEEP, Break, Comparison, Findings
from domain.reconciliation_repairs import Mended
from domain.reconciliation_report import Report
from domain.reconciliation_run import Asked, Run

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
LOST = Break(kind="NO_OUTCOME", id="ing_lost", what="neither booked nor parked", repair=SWEEP)
MOVED = Break(kind="CUSTOMER_DIFFERS", id="cust:A-1#EUR", what="the row says otherwise")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=120, emoji=False, highlight=False))
    return page


def report(run_id: str, found: list[Break], remaining: list[Break], **asked: Any) -> Report:
    def after(breaks: list[Break]) -> dict[str, Comparison]:
        records = Comparison(pages=1)
        findings = Findings(looked_at=1, breaks=breaks)
        findings.totals.add("received", Money(123_456, "EUR"))
        records.add(findings)
        return {"records": records, "balances": Comparison(), "events": Comparison()}

    return Report(
        run=Run.plan(run_id, NOW, Asked(**asked), 15),
        finished_at=NOW,
        found=after(found),
        repairs={SWEEP: Mended(asked=1, mended=1)} if asked.get("repair") else {},
        remaining=after(remaining),
    )


class Bucket:
    """The calls of an S3 client that reading reports takes."""

    def __init__(self, *reports: Report) -> None:
        self.objects = {f"{each.run.folder}.json": each.as_json() for each in reports}
        self.objects |= {f"{each.run.folder}.md": b"#" for each in reports}
        self.objects |= {f"{each.run.folder}/records-01-0000.json": b"[]" for each in reports}

    def get_paginator(self, _operation: str) -> "Bucket":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        ages = enumerate(key for key in self.objects if key.startswith(Prefix))
        return [
            {},
            {"Contents": [{"Key": key, "LastModified": f"{Bucket}{age:03d}"} for age, key in ages]},
        ]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "audit"
        return {"Body": io.BytesIO(self.objects[Key])}


class Told:
    """A system with this bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def client(self, _service: str) -> Bucket:
        return self._bucket

    def output(self, _name: str) -> str:
        return "audit"


def reports(*made: Report) -> Reports:
    system: Any = Told(Bucket(*made))
    return Reports(system)


def stored(made: Report) -> Stored:
    return reports(made).read(made.run.run_id)


def test_the_screen_shows_totals_breaks_and_who_mends_them(shown: io.StringIO) -> None:
    reconcile_view.show(stored(report("run-1", [LOST, MOVED], [LOST, MOVED])))

    told = " ".join(shown.getvalue().split())
    assert "received EUR 1 1,234.56" in told
    assert "NO_OUTCOME ing_lost: neither booked nor parked repair SWEEP" in told
    assert "CUSTOMER_DIFFERS cust:A-1#EUR: the row says otherwise compare ./posting" in told
    assert "2 breaks remain of 2. './posting reconcile --repair' may mend 1 of them." in told


def test_after_a_repair_only_what_remains_is_shown(shown: io.StringIO) -> None:
    reconcile_view.show(stored(report("run-1", [LOST, MOVED], [MOVED], repair=True)))

    told = shown.getvalue()
    assert "SWEEP: asked for 1, mended 1" in told
    assert "ing_lost" not in told
    assert "1 breaks remain of 2." in told
    assert "--repair" not in told


def test_agreement_is_said(shown: io.StringIO) -> None:
    reconcile_view.show(stored(report("run-1", [LOST], [], repair=True)))

    assert "In agreement, 1 breaks mended." in shown.getvalue()


def test_runs_are_listed_with_the_latest_first_and_without_their_lists(
    shown: io.StringIO,
) -> None:
    found = reports(report("early", [], []), report("late", [LOST], [LOST]))

    latest = [found.read_key(key) for key in found.newest()]
    reconcile_view.show_runs(latest)

    assert [each.made.run.run_id for each in latest] == ["late", "early"]
    assert latest[0].summary["breaks_remaining"] == 1
    assert "dry run" in shown.getvalue()


def test_a_run_that_nobody_made_is_told_with_its_remedy() -> None:
    with pytest.raises(UserError, match="--list"):
        reports(report("run-1", [], [])).read("run-2")
