"""Account: opened, closed, its status or limit changed, by an operator's order.

Invoked by the command line with `{"action": "open" | "close" | "status" | "limit", "account_id":
..., "by": ..., "note": ..., "dry_run": bool}` and the new terms; answers before and after, or
`{"result": "REFUSED", "code": ..., "message": ...}`.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.account_commands import AccountCommands, AccountOrder
from adapters.balances import BalanceTable
from adapters.reference import ReferenceTable
from adapters.reference_loading import ReferenceLoading
from domain.errors import Refused

logger = logs.logger()
dynamodb = aws.client("dynamodb")
reference = ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])
commands = AccountCommands(
    dynamodb,
    BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    reference,
    ReferenceLoading(dynamodb, reference),
    clock.now,
)


def carry_out(event: dict[str, Any]) -> dict[str, Any]:
    try:
        return commands.carry_out(msgspec.convert(event, AccountOrder))
    except msgspec.ValidationError as error:
        return {"result": "REFUSED", "code": "NOT_AN_ORDER", "message": str(error)}
    except Refused as refusal:
        return {"result": "REFUSED", "code": refusal.code, "message": refusal.message}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = carry_out(event)
    facts = {name: event.get(name) for name in ("action", "account_id", "by", "note", "dry_run")}
    facts |= {name: result.get(name) for name in ("result", "code", "version")}
    logger.info("account_changed", extra=facts)
    return result
