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
from adapters.announcements import Announcements
from adapters.audit_trail import AuditTrail
from adapters.bus import Bus
from adapters.journal import JournalTable

_LOOK_BACK = timedelta(hours=6)
# Firehose buffers for up to five minutes and the pipe retries: a younger header is not missing yet.
_SETTLING = timedelta(minutes=15)

logger = logs.logger()
announcements = Announcements(
    JournalTable(aws.client("dynamodb"), os.environ["JOURNAL_TABLE"]),
    AuditTrail(aws.client("s3"), os.environ["AUDIT_BUCKET"]),
    Bus(aws.client("events"), os.environ["BUS_NAME"]),
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    dry_run = bool(event.get("dry_run"))
    if "header_ids" in event:
        checked, missing = len(event["header_ids"]), list(event["header_ids"])
    else:
        now = clock.now()
        since = _moment(event, "since", now - _LOOK_BACK)
        until = _moment(event, "until", now - _SETTLING)
        checked, missing = announcements.missing_between(since, until, now)
    done = announcements.repeat(missing, dry_run=dry_run)
    facts = {
        "checked": checked,
        "republished": list(done.republished),
        "refused": len(done.refused),
        "unknown": list(done.unknown),
        "dry_run": dry_run,
    }
    logger.info("republished", extra=facts)
    return facts


def _moment(event: dict[str, Any], name: str, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(event[name]) if name in event else otherwise
