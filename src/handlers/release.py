"""Release: an operator's decision about a parked record or a suspense booking.

Invoked by the command line with `{"action": "release" | "return" | "discard", "ingest_id": ...,
"by": ..., "note": ..., "as_distinct": bool, "dry_run": bool}`; answers `{"result": ...}`, or
`{"result": "REFUSED", "code": ..., "message": ...}`.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from adapters.release import Order, Release, Tables
from domain.errors import Refused

logger = logs.logger()
dynamodb = aws.client("dynamodb")
tables = Tables(
    inbox=InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    claims=ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"]),
    parked=ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
    journal=JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
    balances=BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    reference=ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]),
    payments=PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"]),
)
desk = Release(dynamodb, tables, Bus(aws.client("events"), os.environ["BUS_NAME"]), clock.now)
ACTIONS = {"release": desk.release, "return": desk.give_back, "discard": desk.discard}


def decide(event: dict[str, Any]) -> dict[str, Any]:
    order = msgspec.convert(event, Order)
    try:
        return ACTIONS[event["action"]](order)
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = decide(event)
    facts = {name: event.get(name) for name in ("action", "ingest_id", "by", "dry_run")}
    facts |= {name: result.get(name) for name in ("result", "code", "header_id")}
    logger.info("decided", extra=facts)
    return result
