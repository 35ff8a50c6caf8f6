"""Enrich: TransactionAuthorized from the queue in, TransactionEnriched on the bus out."""

import os
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.bus import Bus
from adapters.enriching import Enricher
from adapters.reference import ReferenceTable
from domain.events import TransactionAuthorized, UnknownEvent

logger = logs.logger()
enricher = Enricher(ReferenceTable(aws.client("dynamodb"), os.environ["REFERENCE_TABLE"]))
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])


def tell(event: TransactionAuthorized, why: Exception) -> None:
    """Its message is reported, comes again, and ends in the letters."""
    logger.error("not_enriched", exc_info=why, extra={"ingest_id": event.data.ingest_id})


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
    enriched = enricher.enrich_each(list(events.values()), tell) if events else []
    found = {name: each for name, each in zip(events, enriched, strict=True) if each is not None}
    refused = {list(found)[index] for index in bus.publish(list(found.values()))}
    sent = found.keys() - refused
    failed = [each["messageId"] for each in event["Records"] if each["messageId"] not in sent]
    logger.info("enriched", extra={"count": len(sent), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
