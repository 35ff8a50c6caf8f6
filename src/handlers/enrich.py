"""Enrich: TransactionAuthorized from the queue in, TransactionEnriched on the bus out."""

import os
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.bus import Bus
from adapters.reference import ReferenceTable, Wanted
from domain.conversion import FxRate
from domain.enrichment import Known, enrich, rate_needed
from domain.events import TransactionAuthorized, TransactionEnriched, UnknownEvent
from domain.transaction import Transaction, read_transaction

logger = logs.logger()
reference = ReferenceTable(aws.client("dynamodb"), os.environ["REFERENCE_TABLE"])
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])


def enrich_all(events: Sequence[TransactionAuthorized]) -> list[TransactionEnriched]:
    """The whole batch with three batched reads, and one read per currency pair and business
    time.
    """
    transactions = [
        read_transaction(event.data.mti, event.data.network, event.data.cain) for event in events
    ]
    known = reference.look_up(
        Wanted(token=event.data.token, merchant_id=transaction.merchant_id, mcc=transaction.mcc)
        for event, transaction in zip(events, transactions, strict=True)
    )
    return [
        enrich(event, facts, _rate(transaction, facts, event.meta.business_time))
        for event, transaction, facts in zip(events, transactions, known, strict=True)
    ]


def _rate(transaction: Transaction, facts: Known, business_time: str) -> FxRate | None:
    pair = rate_needed(transaction, facts.account)
    return reference.rate(*pair, business_time) if pair else None


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed: list[str] = []
    message_ids: list[str] = []
    events: list[TransactionAuthorized] = []
    for record in event["Records"]:
        try:
            events.append(TransactionAuthorized.from_envelope(record["body"]))
            message_ids.append(record["messageId"])
        except UnknownEvent as error:
            logger.error("unreadable", extra={"message_id": record["messageId"], "why": str(error)})
            failed.append(record["messageId"])
    if events:
        enriched = enrich_all(events)
        failed += [message_ids[index] for index in bus.publish(enriched)]
    logger.info("enriched", extra={"count": len(events), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
