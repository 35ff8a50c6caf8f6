"""Enrich: TransactionAuthorized from the queue in, TransactionEnriched on the bus out."""

import os
from collections.abc import Sequence
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.bus import Bus
from adapters.reference import ReferenceTable, Wanted
from domain.conversion import FxRate
from domain.enrichment import Known, enrich, rate_needed
from domain.events import TransactionAuthorized, TransactionEnriched, UnknownEvent
from domain.transaction import Transaction, read_transaction

# What a record or a reference row with wrong content raises; a service that fails is none of these.
_BROKEN_DATA = (msgspec.MsgspecError, ArithmeticError, LookupError, TypeError, ValueError)

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
        Wanted.by(event.data.token, transaction)
        for event, transaction in zip(events, transactions, strict=True)
    )
    return [
        enrich(event, facts, _rate(transaction, facts, event.meta.business_time))
        for event, transaction, facts in zip(events, transactions, known, strict=True)
    ]


def _rate(transaction: Transaction, facts: Known, business_time: str) -> FxRate | None:
    pair = rate_needed(transaction, facts.account)
    return reference.rate(*pair, business_time) if pair else None


def enrich_each(events: Sequence[TransactionAuthorized]) -> list[TransactionEnriched | None]:
    """None for a record that cannot be enriched: it must not take its batch to the letters."""
    try:
        return list(enrich_all(events))
    except _BROKEN_DATA:
        if len(events) > 1:
            return [each for event in events for each in enrich_each([event])]
        logger.exception("not_enriched", extra={"ingest_id": events[0].data.ingest_id})
        return [None]


def read(records: Sequence[dict[str, Any]]) -> dict[str, TransactionAuthorized]:
    """By message id, those that can be read."""
    events = {}
    for record in records:
        try:
            events[record["messageId"]] = TransactionAuthorized.from_envelope(record["body"])
        except UnknownEvent as error:
            logger.error("unreadable", extra={"message_id": record["messageId"], "why": str(error)})
    return events


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    events = read(event["Records"])
    enriched = enrich_each(list(events.values())) if events else []
    found = {name: each for name, each in zip(events, enriched, strict=True) if each is not None}
    refused = {list(found)[index] for index in bus.publish(list(found.values()))}
    sent = found.keys() - refused
    failed = [each["messageId"] for each in event["Records"] if each["messageId"] not in sent]
    logger.info("enriched", extra={"count": len(sent), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
