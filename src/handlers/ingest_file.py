"""Ingest a file: the notice of a landed batch file from the queue in, one row for each of its
records.

A file that takes longer than the function may run goes on in another run: the rest is a message of
its own.
"""

import json
import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.file_reception import FileReception, Place
from adapters.inbox import InboxTable
from adapters.landing import MANIFEST_SUFFIX, LandedFile, Landing
from adapters.parked import ParkedTable
from adapters.reception import CONTENT_CHANGED, Receipt, Reception
from adapters.vault import Vault, read_index_key

_RESERVE_MS = 30_000

logger = logs.logger()
dynamodb = aws.client("dynamodb")
sqs = aws.client("sqs")
landing_queue_url = os.environ["LANDING_QUEUE_URL"]
landing = Landing(aws.client("s3"))
index = read_index_key(aws.client("secretsmanager"), os.environ["INDEX_SECRET_ARN"])
reception = Reception(
    "s3",
    InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
    Vault(
        dynamodb,
        aws.client("kms"),
        os.environ["VAULT_TABLE"],
        os.environ["VAULT_KEY_ARN"],
        index,
    ),
    index,
    int(os.environ["INBOX_RETENTION_DAYS"]),
)


def ingest_file(notice: dict[str, Any], context: LambdaContext) -> None:
    """Receive the records that the notice asks for, and order the rest."""
    file = _landed(notice["detail"])
    if file.key.endswith(MANIFEST_SUFFIX):
        return
    files = FileReception(
        landing, reception, lambda: context.get_remaining_time_in_millis() < _RESERVE_MS
    )
    receipts, rest = files.receive(file, Place(*notice.get("resume", ())), clock.now())
    if rest is not None:
        sqs.send_message(
            QueueUrl=landing_queue_url,
            MessageBody=json.dumps(notice | {"resume": list(rest)}),
        )
    changed = [each.ingest_id for each in receipts if each.status == CONTENT_CHANGED]
    if changed:
        logger.error("content_changed", extra={"ingest_ids": changed})
    logger.info("file_received", extra=_counts(receipts) | {"rest": rest is not None})


def _landed(detail: dict[str, Any]) -> LandedFile:
    bucket, landed = detail["bucket"]["name"], detail["object"]
    version_id = landed.get("version-id") or landing.version_of(bucket, landed["key"])
    return LandedFile(bucket=bucket, key=landed["key"], version_id=version_id)


def _counts(receipts: list[Receipt]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for receipt in receipts:
        counts[receipt.status.lower()] = counts.get(receipt.status.lower(), 0) + 1
    return counts


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    # One file a message and one message an invocation: a failure is the message's own.
    for record in event["Records"]:
        ingest_file(json.loads(record["body"]), context)
