"""Reconcile: the steps of the reconciliation's state machine, one for each call.

`{"step": "plan", "run_id", "started_at", "asked"}` says what the run looks at;
`{"step": "records" | "balances" | "events", "run", "so_far"}` compares one page;
`{"step": "repairs", "run", "found", "so_far", "answer"}` names the next batch to repair;
`{"step": "report", "run", "found", "repairs", "remaining"}` stores the report.
"""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import msgspec
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.audit_trail import AuditTrail
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reconcile_balances import ReconcileBalances
from adapters.reconcile_events import ReconcileEvents
from adapters.reconcile_page import Page
from adapters.reconcile_records import ReconcileRecords
from adapters.reconciliation_store import ReconciliationStore
from domain.reconciliation import Comparison
from domain.reconciliation_repairs import Repairs
from domain.reconciliation_report import Report
from domain.reconciliation_run import Asked, Run

# A page ends in time to be stored, whatever its last piece was.
_RESERVE_MS = 120_000

type Comparisons = dict[str, Comparison]


class Comparer(Protocol):
    def compare(self, page: Page) -> Comparison:
        """Read one page and add what it found."""


logger = logs.logger()
metrics = Metrics()
patience_minutes = int(os.environ["SWEEP_AGE_MINUTES"])
dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
store = ReconciliationStore(s3, os.environ["AUDIT_BUCKET"])
comparers: dict[str, Comparer] = {
    "records": ReconcileRecords(
        InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
        ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
        journal,
        PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"]),
        store,
        clock.now,
    ),
    "balances": ReconcileBalances(
        dynamodb, os.environ["BALANCES_TABLE"], journal, store, clock.now
    ),
    "events": ReconcileEvents(
        AuditTrail(s3, os.environ["AUDIT_BUCKET"]), journal, store, clock.now
    ),
}


def plan(event: dict[str, Any]) -> Any:
    asked = msgspec.convert(event["asked"], Asked)
    started_at = datetime.fromisoformat(event["started_at"])
    run = Run.plan(event["run_id"], started_at, asked, patience_minutes)
    return {"run": run, **run.first_pass()}


def compare(event: dict[str, Any], is_full: Callable[[], bool]) -> Comparison:
    name = event["step"]
    comparison = msgspec.convert(event["so_far"], Comparison)
    page = Page(msgspec.convert(event["run"], Run), name, comparison, is_full)
    done = comparers[name].compare(page)
    facts = {"comparison": name, "pages": done.pages, "looked_at": done.looked_at}
    logger.info("compared", extra=facts | {"breaks": done.kinds})
    return done


def next_repair(event: dict[str, Any]) -> Repairs:
    repairs = msgspec.convert(event["so_far"], Repairs)
    if repairs.repair is not None:
        repairs.told(event["answer"])
    found = msgspec.convert(event["found"], Comparisons)
    repairs.go_on([each for comparison in found.values() for each in store.breaks(comparison)])
    return repairs


def report(event: dict[str, Any]) -> dict[str, Any]:
    made = Report(
        run=msgspec.convert(event["run"], Run),
        finished_at=clock.now(),
        found=msgspec.convert(event["found"], Comparisons),
        repairs=msgspec.convert(event["repairs"], Repairs).done,
        remaining=msgspec.convert(event["remaining"], Comparisons),
    )
    key = store.save_report(made.run, made.as_json(), made.as_markdown())
    metrics.add_metric("ReconciliationBreaks", MetricUnit.Count, made.breaks_remaining)
    metrics.flush_metrics()
    facts = {
        "report": key,
        "breaks_found": made.breaks_found,
        "breaks_remaining": made.breaks_remaining,
    }
    logger.info("reconciled", extra=facts)
    return facts


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    match event["step"]:
        case "plan":
            answer: Any = plan(event)
        case "repairs":
            answer = next_repair(event)
        case "report":
            answer = report(event)
        case _:
            answer = compare(event, lambda: context.get_remaining_time_in_millis() < _RESERVE_MS)
    return msgspec.to_builtins(answer)
