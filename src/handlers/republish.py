"""Republish: journal headers whose TransactionPosted is missing from the audit trail are announced
again.

On a schedule over the last hours, and invoked by the command line with `{"header_ids": [...]}`
(always announced) or `{"since": ISO, "until": ISO}`; `"dry_run": true` only says what would be
done.
"""

import os
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.audit_trail import AuditTrail
from adapters.bus import Bus
from adapters.journal import JournalTable
from domain.announcement import announce, posted_event_id

_LOOK_BACK = timedelta(hours=6)
# Firehose buffers for up to five minutes and the pipe retries: a younger header is not missing yet.
_SETTLING = timedelta(minutes=15)

logger = logs.logger()
journal = JournalTable(aws.client("dynamodb"), os.environ["JOURNAL_TABLE"])
trail = AuditTrail(aws.client("s3"), os.environ["AUDIT_BUCKET"])
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])


def missing_between(since: datetime, until: datetime) -> tuple[int, list[str]]:
    """How many headers were booked in that time, and which of them nobody heard of."""
    booked = list(journal.headers_between(since, until))
    heard = trail.posted_event_ids(since, clock.now()) if booked else set()
    return len(booked), [each for each in booked if posted_event_id(each) not in heard]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    dry_run = bool(event.get("dry_run"))
    if "header_ids" in event:
        checked, missing = len(event["header_ids"]), list(event["header_ids"])
    else:
        now = clock.now()
        checked, missing = missing_between(
            _moment(event, "since", now - _LOOK_BACK), _moment(event, "until", now - _SETTLING)
        )
    headers = journal.get_many(missing)
    refused = [] if dry_run else bus.publish([announce(headers[each]) for each in sorted(headers)])
    facts = {
        "checked": checked,
        "republished": sorted(headers),
        "refused": len(refused),
        "unknown": sorted(set(missing) - headers.keys()),
        "dry_run": dry_run,
    }
    logger.info("republished", extra=facts)
    return facts


def _moment(event: dict[str, Any], name: str, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(event[name]) if name in event else otherwise
