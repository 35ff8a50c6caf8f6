"""Dispute: opened, won or lost by a person's order, with who, when and why; or what was cleared
beyond the authorisation is accepted by one.

Invoked by the command line with `{"action": "open" | "win" | "lose", "id": pay_..., msg_... or a
header, "amount": minor units, "currency": ..., "reason": ..., "case": ..., "write_off": bool,
"settled": {"amount": ..., "currency": ...}, "by": ..., "note": ..., "approve": bool, "dry_run":
bool}`, or `{"action": "accept", ...}` without reason, write-off and settled; answers what was
booked, or waits for a second person, or `{"result": "REFUSED", "code": ..., "message": ...}`.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.correction_orders import OrderBook
from adapters.corrections import Instruction
from adapters.disputes import Disputes, PaymentOrder, Tables
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from domain.acceptance import Acceptance
from domain.dispute_order import DisputeOrder
from domain.errors import Refused

logger = logs.logger()
dynamodb = aws.client("dynamodb")
tables = Tables(
    journal=JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
    payments=PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"]),
    balances=BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    orders=OrderBook(dynamodb, os.environ["JOURNAL_TABLE"]),
    reference=ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]),
)
disputes = Disputes(
    Ledger(
        dynamodb,
        tables.journal,
        tables.balances,
        ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
        tables.payments,
    ),
    tables,
    clock.now,
)


def carry_out(event: dict[str, Any]) -> dict[str, Any]:
    try:
        order = _order_of(event)
        told = msgspec.convert(event, Instruction)
        return disputes.carry_out(event["id"], order, told)
    except msgspec.ValidationError as error:
        return {"result": "REFUSED", "code": "NOT_AN_ORDER", "message": str(error)}
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


def _order_of(event: dict[str, Any]) -> PaymentOrder:
    if event.get("action") == "accept":
        return msgspec.convert(event, Acceptance)
    return msgspec.convert(event, DisputeOrder)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = carry_out(event)
    names = ("action", "id", "by", "reason", "case", "note", "approve", "dry_run")
    facts = {name: event.get(name) for name in names}
    facts |= {name: result.get(name) for name in ("result", "code", "header_id", "order")}
    logger.info("disputed", extra=facts)
    return result
