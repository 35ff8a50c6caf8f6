"""Post: TransactionPostingApproved and -Suspended from the queue in, one booking each in the
ledger.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.parked import ParkedTable
from adapters.posting import Poster
from domain.events import (
    OpeningRequested,
    TransactionPostingApproved,
    TransactionPostingSuspended,
    detail_type_of,
)

logger = logs.logger()
dynamodb = aws.client("dynamodb")
balances = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
poster = Poster(Ledger(dynamodb, journal, balances, parked), balances, parked, clock.now)
# One failed message must not make the invocation an error: the others are done and stay done.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


def post(record: SQSRecord) -> None:
    body = record.body
    match detail_type_of(body):
        case "TransactionPostingApproved":
            result = poster.post(TransactionPostingApproved.from_envelope(body))
        case "TransactionPostingSuspended":
            result = poster.post(TransactionPostingSuspended.from_envelope(body))
        case _:
            result = poster.open(OpeningRequested.from_envelope(body))
    logger.info(result.name, extra=result.facts)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(
        event=event, record_handler=post, processor=processor, context=context
    )
