"""Correct: the mirror of a wrong booking and the right one, in one sequence.

Invoked by the command line with `{"header_id": ..., "change": {"void": bool, "amounts": {code:
minor units}}, "by": ..., "note": ..., "approve": bool, "dry_run": bool}`; answers what was booked,
or waits for a second person, or `{"result": "REFUSED", "code": ..., "message": ...}`.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.correction_orders import OrderBook
from adapters.corrections import Corrections, Instruction
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from domain.correcting import Change
from domain.errors import Refused

logger = logs.logger()
dynamodb = aws.client("dynamodb")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
balances = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
corrections = Corrections(
    Ledger(dynamodb, journal, balances, ParkedTable(dynamodb, os.environ["PARKED_TABLE"])),
    journal,
    balances,
    OrderBook(dynamodb, os.environ["JOURNAL_TABLE"]),
    ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]),
    clock.now,
    PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"]),
)


def correct(event: dict[str, Any]) -> dict[str, Any]:
    told = msgspec.convert(event, Instruction)
    change = msgspec.convert(event.get("change") or {}, Change)
    try:
        return corrections.correct(event["header_id"], change, told)
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = correct(event)
    facts = {name: event.get(name) for name in ("header_id", "by", "note", "approve", "dry_run")}
    facts |= {name: result.get(name) for name in ("result", "code", "order")}
    logger.info("corrected", extra=facts)
    return result
