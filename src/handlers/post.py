"""Post: TransactionPostingApproved and -Suspended from the queue in, one booking each in the
ledger; what is approved for a batched account goes on to PostBatch.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.bus import Bus
from adapters.derivation import Derivation
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.match_waits import MatchWaitRules
from adapters.outcomes import Outcomes, Waker
from adapters.over_clearing_rules import OverClearingRules
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.posting import Poster, Result, Tools, facts_of_record
from adapters.posting_queue import BatchQueue, PostingQueue, is_batched
from adapters.posting_rules import PostingRules
from adapters.reference import ReferenceTable
from domain.errors import Unavailable
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
payments = PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"])
reference = ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])
waits = MatchWaitRules(reference)
over_clearing = OverClearingRules(reference)
queue = PostingQueue(aws.client("sqs"), os.environ["POST_QUEUE_URL"])
batches = BatchQueue(aws.client("sqs"), os.environ["POST_BATCH_QUEUE_URL"])
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])
poster = Poster(
    Tools(
        ledger=Ledger(dynamodb, journal, balances, parked, payments),
        derivation=Derivation(payments, balances, journal, PostingRules(waits, over_clearing)),
        outcomes=Outcomes(dynamodb, journal, parked, payments, bus),
        waker=Waker(parked, queue),
        journal=journal,
        balances=balances,
        parked=parked,
        payments=payments,
    ),
    clock.now,
)


def post(message: dict[str, Any]) -> None:
    body = message["body"]
    match detail_type_of(body):
        case "TransactionPostingApproved":
            result = approved(TransactionPostingApproved.from_envelope(body), message)
        case "TransactionPostingSuspended":
            result = poster.post(TransactionPostingSuspended.from_envelope(body))
        case _:
            result = poster.open(OpeningRequested.from_envelope(body))
    logger.info(result.name, extra=result.facts)


def approved(event: TransactionPostingApproved, message: dict[str, Any]) -> Result:
    if not is_batched(event.data, message):
        return poster.post(event)
    batches.send(event.data, message["body"], message["messageId"])
    return Result("to_batch", facts_of_record(event.data))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed = []
    for record in event["Records"]:
        try:
            post(record)
        except Unavailable as error:
            logger.warning("unavailable", extra=_facts(record, error))
            failed.append(record["messageId"])
        except Exception as error:
            # Whatever it is, it is this message's own: the others are done and stay done. The
            # error line rings the alarm, and the queue ends in dead letters.
            logger.exception("not_booked", extra=_facts(record, error))
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _facts(record: dict[str, Any], error: Exception) -> dict[str, str]:
    return {"message_id": record["messageId"], "why": str(error)}
