"""PostBatch: approved records of batched accounts from the FIFO queue in, as few transactions as
can be in the ledger.

A batch may hold the records of several accounts; those of one account are in their order.
"""

import os
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.batch_posting import BatchPoster
from adapters.bus import Bus
from adapters.derivation import Derivation
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.match_waits import MatchWaitRules
from adapters.outcomes import Outcomes, Waker
from adapters.over_clearing_rules import OverClearingRules
from adapters.overlay import Tables, derivation_over
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.posting import Poster, Tools
from adapters.posting_queue import PostingQueue
from adapters.posting_rules import PostingRules
from adapters.reference import ReferenceTable
from domain.errors import Unavailable
from domain.events import TransactionPostingApproved, UnknownEvent

logger = logs.logger()
dynamodb = aws.client("dynamodb")
balances = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
payments = PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"])
reference = ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])
waits = MatchWaitRules(reference)
over_clearing = OverClearingRules(reference)
rules = PostingRules(waits, over_clearing)
queue = PostingQueue(aws.client("sqs"), os.environ["POST_QUEUE_URL"])
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])
ledger = Ledger(dynamodb, journal, balances, parked, payments)
waker = Waker(parked, queue)
tables = Tables(dynamodb, journal.table, balances.table, payments.table)
poster = Poster(
    Tools(
        ledger=ledger,
        derivation=Derivation(payments, balances, journal, rules),
        outcomes=Outcomes(dynamodb, journal, parked, payments, bus),
        waker=waker,
        journal=journal,
        balances=balances,
        parked=parked,
        payments=payments,
    ),
    clock.now,
)
batch = BatchPoster(
    poster, ledger, lambda so_far: derivation_over(tables, rules, so_far), waker, clock.now
)


type Order = tuple[dict[str, Any], TransactionPostingApproved]


def post(orders: list[Order]) -> list[str]:
    """The ids of those of one account that are to come again: one that cannot be booked now, and
    all after it, so that they keep their order.

    One that fails by itself must not stand in the way of those after it, for as long as a message
    in hand hides its group, again and again: it goes back to be posted singly, and fails there.
    """
    left = list(orders)
    while left:
        try:
            for result in batch.post([event for _, event in left]):
                logger.info(result.name, extra=result.facts)
                left.pop(0)
        except Unavailable as error:
            logger.warning("unavailable", extra=_facts(left[0][0], error))
            break
        except Exception as error:
            set_aside(left.pop(0)[0], error)
    return [message["messageId"] for message, _ in left]


def readable(messages: list[dict[str, Any]]) -> Iterator[Order]:
    for message in messages:
        try:
            yield message, TransactionPostingApproved.from_envelope(message["body"])
        except UnknownEvent as error:
            set_aside(message, error)


def set_aside(message: dict[str, Any], error: Exception) -> None:
    logger.exception("not_booked_together", extra=_facts(message, error))
    queue.send_singly(message["body"])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    accounts: dict[str, list[dict[str, Any]]] = {}
    for message in event["Records"]:
        accounts.setdefault(message["attributes"]["MessageGroupId"], []).append(message)
    again = [each for messages in accounts.values() for each in post(list(readable(messages)))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _facts(message: dict[str, Any], error: Exception) -> dict[str, str]:
    return {"message_id": message["messageId"], "why": str(error)}
