"""Rebuild balances: journal headers without a fold marker are folded, by the fold's own
transaction.

On a schedule over the last hours, and invoked by the command line with `{"since": ISO, "until":
ISO}`, with `{"dry_run": true}`, or with `{"resum": true}`: sum all marked headers and set the
internal balances anew. The reconciliation names the headers: `{"header_ids": [...]}`.
"""

import os
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.fold import Fold
from adapters.fold_mapping import FoldMapping
from adapters.journal import JournalTable
from adapters.mapping import Mapping
from adapters.refold import Refold
from adapters.resum import Resum

_LOOK_BACK = timedelta(hours=6)
# The fold itself is seconds behind; what it has not folded after that has been lost on the way.
_SETTLING = timedelta(minutes=2)

logger = logs.logger()
dynamodb = aws.client("dynamodb")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
refold = Refold(journal, Fold(dynamodb, os.environ["BALANCES_TABLE"]))
resum = Resum(dynamodb, os.environ["BALANCES_TABLE"], journal)
mapping = FoldMapping(
    Mapping(aws.client("lambda"), os.environ["FOLD_MAPPING_ID"]),
    float(os.environ["FOLD_TIMEOUT_SECONDS"]),
)


def fold_missing(since: datetime, until: datetime, *, dry_run: bool) -> dict[str, Any]:
    """Fold the headers booked in that time that have no marker."""
    checked, folded = refold.between(since, until, dry_run=dry_run)
    return {"checked": checked, "folded": folded, "dry_run": dry_run}


def fold_named(header_ids: list[str], *, dry_run: bool) -> dict[str, Any]:
    """Fold those of these headers that have no marker."""
    folded = refold.fold(header_ids, dry_run=dry_run)
    return {"checked": len(header_ids), "folded": folded, "dry_run": dry_run}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    now = clock.now()
    if event.get("resum"):
        with mapping.stopped():
            facts = resum.set_balances(dry_run=bool(event.get("dry_run")))
    elif "header_ids" in event:
        facts = fold_named(event["header_ids"], dry_run=bool(event.get("dry_run")))
    else:
        facts = fold_missing(
            _moment(event, "since", now - _LOOK_BACK),
            _moment(event, "until", now - _SETTLING),
            dry_run=bool(event.get("dry_run")),
        )
    logger.info("rebuilt", extra=facts)
    return facts


def _moment(event: dict[str, Any], name: str, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(event[name]) if name in event else otherwise
