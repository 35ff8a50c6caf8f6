"""Dry run: messages in, what would become of each out; nothing is written.

The role reads, and asks the dry machine of the rules; it has no right to write anything. Invoked
synchronously by the API door and by the command line:

`{"action": "messages", "body": ...}` the body of a submission, in base64;
`{"action": "records", "format": ".bin", "network": ..., "business_date": ..., "records": [...]}`
records of a batch file, each in base64;
`{"action": "decide", "rule_version": ..., "events": [...]}` details of TransactionEnriched, each
decided by its own rule version and by this one.

The first two take and give `so_far`, what the messages before would have changed, so that a long
file can be asked about in parts. `changed` is what is told anew of messages of the parts before.
"""

import base64
import os
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.claims import ClaimTable
from adapters.dry_books import DryBooks
from adapters.dry_rules import DryRules
from adapters.dry_run import DOOR, DryRun
from adapters.enriching import Enricher
from adapters.file_reception import DECODERS
from adapters.match_waits import MatchWaitRules
from adapters.over_clearing_rules import OverClearingRules
from adapters.overlay import SoFar, Tables
from adapters.posting_rules import PostingRules
from adapters.reception import Submission
from adapters.reference import ReferenceTable
from adapters.shadow import decide_twice
from adapters.vault import CardIndex, read_index_key
from domain import identity
from domain.iso8583.decoded import Decoded, Invalid
from domain.request_body import messages_of

logger = logs.logger()
dynamodb = aws.client("dynamodb")
index = read_index_key(aws.client("secretsmanager"), os.environ["INDEX_SECRET_ARN"])
rules = DryRules(aws.client("stepfunctions"), os.environ["DRY_RULES_ARN"])
claims = ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"])
reference = ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])
waits = MatchWaitRules(reference)
over_clearing = OverClearingRules(reference)
tables = Tables(
    dynamodb,
    journal=os.environ["JOURNAL_TABLE"],
    balances=os.environ["BALANCES_TABLE"],
    payments=os.environ["PAYMENTS_TABLE"],
)
dry_run = DryRun(
    CardIndex(dynamodb, os.environ["VAULT_TABLE"], index),
    index,
    lambda so_far: DryBooks(claims, tables, PostingRules(waits, over_clearing), so_far),
    Enricher(reference),
    rules,
)

type Content = tuple[bytes, Decoded | Invalid]


def foresee(event: dict[str, Any], run_id: str) -> dict[str, Any]:
    """A result for each message of the event, in order."""
    at = clock.now()
    so_far = msgspec.convert(event.get("so_far") or {}, SoFar)
    answer = dry_run.foresee(_submissions(_contents(event, at), run_id), so_far, at)
    logger.info("foreseen", extra={"count": len(answer.results)})
    return {
        "dry_run": True,
        "results": [
            {"index": position} | msgspec.to_builtins(each)
            for position, each in enumerate(answer.results)
        ],
        "changed": msgspec.to_builtins(answer.changed),
        "so_far": msgspec.to_builtins(so_far),
    }


def decide(event: dict[str, Any]) -> dict[str, Any]:
    """For each event what its own rule version says, and what the other one would."""
    compared = decide_twice(rules, event["events"], event["rule_version"])
    logger.info("decided", extra={"count": len(compared)})
    return {"results": msgspec.to_builtins(compared)}


def _contents(event: dict[str, Any], at: datetime) -> Iterator[Content]:
    if event["action"] == "messages":
        yield from messages_of(base64.b64decode(event["body"]), at)
        return
    day = event.get("business_date")
    for record in event["records"]:
        content = base64.b64decode(record)
        yield (
            content,
            DECODERS[event["format"]](
                content,
                network=event.get("network"),
                received_at=at,
                business_date=date.fromisoformat(day) if day else None,
            ),
        )


def _submissions(contents: Iterator[Content], run_id: str) -> list[Submission]:
    """Records of this run only: their ids are nobody else's."""
    return [
        Submission(
            ingest_id=identity.ingest_id_for_api(DOOR, run_id, position),
            source_ref=f"{DOOR}#{position}",
            content=content,
            message=message,
        )
        for position, (content, message) in enumerate(contents)
    ]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if event["action"] == "decide":
        return decide(event)
    return foresee(event, context.aws_request_id)
