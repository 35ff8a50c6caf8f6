"""Deduplicate: Inbox stream records from Pipe 1 in, the details of TransactionAuthorized out.

The pipe puts what this returns on the bus, so a record that is left out goes no further: it has its
Parked row by then. A request waits there for its response, which goes on alone.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.claims import ClaimTable
from adapters.deduplication import Deduplication
from adapters.items import from_item
from adapters.journal import JournalTable
from adapters.match_waits import MatchWaitRules
from adapters.pairing import Pairing
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.reference import ReferenceTable
from domain.received import Received

logger = logs.logger()
dynamodb = aws.client("dynamodb")
parked_rows = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
waits = MatchWaitRules(ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]))
pairs = PairTable(dynamodb, os.environ["CLAIMS_TABLE"])
deduplication = Deduplication(
    ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"]),
    parked_rows,
    JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
    Pairing(pairs, parked_rows, waits),
)


def deduplicate(stream_record: dict[str, Any]) -> dict[str, Any] | None:
    """The detail of the record's event, or None when the record is parked."""
    row = from_item(stream_record["dynamodb"]["NewImage"])
    try:
        record = Received.from_row(row)
        event = record.authorized()
    except (msgspec.MsgspecError, KeyError) as error:
        # One record that nobody can read must not hold up the shard behind it.
        parked = deduplication.fail(row["ingest_id"], row, str(error), clock.timestamp())
    else:
        admitted = deduplication.admit(record, clock.timestamp())
        if admitted is None:
            logger.info(
                "authorized", extra={"ingest_id": record.ingest_id, "msg_id": record.msg_id}
            )
            return msgspec.to_builtins(event)  # type: ignore[no-any-return]
        parked = admitted
    facts = {"ingest_id": parked.ingest_id, "reason": parked.reason, "original": parked.original}
    logger.info("parked", extra=facts)
    return None


@logger.inject_lambda_context
def handler(event: list[dict[str, Any]], context: LambdaContext) -> list[dict[str, Any]]:
    details = [deduplicate(stream_record) for stream_record in event]
    return [detail for detail in details if detail is not None]
