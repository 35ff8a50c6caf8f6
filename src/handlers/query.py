"""Query: GET /v1/messages/{id} in, what became of the record out."""

import json
import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.story import Story

logger = logs.logger()
dynamodb = aws.client("dynamodb")
story = Story(
    InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
    JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    ingest_id = event["pathParameters"]["id"]
    found = story.of(ingest_id)
    logger.info("queried", extra={"ingest_id": ingest_id, "found": found is not None})
    missing = {
        "code": "NOT_FOUND",
        "message": "no record has this id: use the ingest_id of a receipt",
    }
    return {
        "statusCode": 404 if found is None else 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(missing if found is None else found),
    }
