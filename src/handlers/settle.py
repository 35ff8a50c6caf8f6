"""Settle: a scheme's settlement file is checked against the clearing accounts, and booked.

Invoked by the command line with `{"file": {...}, "by": ..., "note": ..., "tolerance": minor units,
"booked_since": ISO, "booked_until": ISO, "repair": bool, "approve": bool, "dry_run": bool}`;
answers what was matched, booked and mended, or `{"result": "REFUSED", "code", "message"}`.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.correction_orders import OrderBook
from adapters.corrections import Corrections
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.parked import ParkedTable
from adapters.reference import ReferenceTable
from adapters.settlement import Asked, Settlement, Tables
from adapters.settlement_store import SettlementStore
from domain.errors import Refused
from domain.settlement_file import read_file

logger = logs.logger()
dynamodb = aws.client("dynamodb")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
balances = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
ledger = Ledger(dynamodb, journal, balances, ParkedTable(dynamodb, os.environ["PARKED_TABLE"]))
corrections = Corrections(
    ledger,
    journal,
    balances,
    OrderBook(dynamodb, os.environ["JOURNAL_TABLE"]),
    ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]),
    clock.now,
)
settlement = Settlement(
    Tables(InboxTable(dynamodb, os.environ["INBOX_TABLE"]), journal, ledger, corrections),
    SettlementStore(aws.client("s3"), os.environ["AUDIT_BUCKET"]),
    clock.now,
)


def settle(event: dict[str, Any]) -> dict[str, Any]:
    try:
        return settlement.settle(read_file(event["file"]), msgspec.convert(event, Asked))
    except msgspec.ValidationError as error:
        return {"result": "REFUSED", "code": "NOT_AN_ORDER", "message": str(error)}
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = settle(event)
    facts = {name: event.get(name) for name in ("by", "note", "repair", "approve", "dry_run")}
    facts |= {name: result.get(name) for name in ("result", "code", "file", "kinds", "report")}
    logger.info("settled", extra=facts)
    return result
