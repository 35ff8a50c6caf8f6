"""Assemble: PostingLegCreated from the queue in, one booking when the last leg of a sequence has
come.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.assemblies import Assemblies
from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.sequence_posting import SequencePoster
from domain.errors import Unavailable
from domain.events import PostingLegCreated

logger = logs.logger()
dynamodb = aws.client("dynamodb")
poster = SequencePoster(
    dynamodb,
    Assemblies(dynamodb, os.environ["ASSEMBLIES_TABLE"]),
    JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
    BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    clock.now,
)


def take(body: str) -> None:
    result = poster.take(PostingLegCreated.from_envelope(body))
    logger.info(result.name, extra=result.facts)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed = []
    for record in event["Records"]:
        try:
            take(record["body"])
        except Unavailable as error:
            logger.warning("unavailable", extra=_facts(record, error))
            failed.append(record["messageId"])
        except Exception as error:
            # It is this leg's own: the others are kept. The error line rings the alarm.
            logger.exception("leg_not_kept", extra=_facts(record, error))
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _facts(record: dict[str, Any], error: Exception) -> dict[str, str]:
    return {"message_id": record["messageId"], "why": str(error)}
