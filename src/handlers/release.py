"""Release: an operator's decision about a parked record or a suspense booking.

POST /v1/parked/{ingest_id}/release    {"by", "note", "as_distinct", "dry_run"}
POST /v1/parked/{ingest_id}/return     {"by", "note", "dry_run"}
POST /v1/parked/{ingest_id}/discard    {"by", "note", "dry_run"}

Invoked by the command line with `{"action": "release" | "return" | "discard", "ingest_id": ...,
"by": ..., "note": ..., "as_distinct": bool, "dry_run": bool}`; answers `{"result": ...}`, or
`{"result": "REFUSED", "code": ..., "message": ...}`.
"""

import os
from typing import Any
from urllib.parse import unquote

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.over_clearing_rules import OverClearingRules
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from adapters.release import Order, Release, Tables
from adapters.rest_api import (
    Answer,
    Request,
    answer,
    parameters_of,
    principal_of,
    read_body,
    refusal_of,
)
from domain.errors import Refused, Unavailable
from domain.orders import BODIES
from domain.paths import checked
from domain.query_parameters import Nothing, read_query

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
over_clearing = OverClearingRules(tables.reference)
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])
desk = Release(dynamodb, tables, bus, clock.now, over_clearing)
ACTIONS = {"release": desk.release, "return": desk.give_back, "discard": desk.discard}


def decide(action: str, order: Order) -> dict[str, Any]:
    """What was done. Raises Refused, Unavailable."""
    facts = {"action": action, "ingest_id": order.ingest_id, "dry_run": order.dry_run}
    facts |= {"by": order.by, "principal": order.principal}
    try:
        result = ACTIONS[action](order)
    except Refused as refusal:
        logger.info("decided", extra=facts | {"result": "REFUSED", "code": refusal.code})
        raise
    told = {name: result.get(name) for name in ("result", "header_id")}
    logger.info("decided", extra=facts | told)
    return result


def invoked(event: dict[str, Any]) -> dict[str, Any]:
    """An order of the command line."""
    try:
        return decide(event["action"], msgspec.convert(event, Order))
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


def requested(request: Request) -> Answer:
    """An order over the API: the path says what and about which record, the body who and why."""
    try:
        read_query(parameters_of(request), Nothing)
        action = request["resource"].rpartition("/")[2]
        ingest_id = checked("ingest_id", unquote(request["pathParameters"]["ingest_id"]))
        body = msgspec.to_builtins(read_body(request, BODIES[action]))
        order = Order(ingest_id=ingest_id, principal=principal_of(request), **body)
        told = decide(action, order)
    except (Refused, Unavailable) as error:
        return refusal_of(error)
    return answer(200, {"ingest_id": ingest_id, "dry_run": order.dry_run} | told)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return requested(event) if "httpMethod" in event else invoked(event)
