"""Calling one of the stack's functions and waiting for its answer."""

import json
from typing import Any

from cli.errors import UserError
from cli.system import System


def invoke(system: System, function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The function's answer; UserError when it failed, with what it said.

    `function` is the stem of the output's name: Release, Settle, Correct, Dispute, Account,
    Sweep, Republish, RebuildBalances, Redrive, DryRun, Doors or LoadReference.
    """
    answer = system.client("lambda").invoke(
        FunctionName=system.output(f"{function}FunctionName"),
        Payload=json.dumps(payload).encode(),
    )
    told = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise UserError(f"{function}Function failed: {_reason(told)}")
    return dict(told)


def _reason(told: Any) -> str:
    if not isinstance(told, dict):
        return "it said nothing; its log has more"
    kind, message = told.get("errorType", "error"), told.get("errorMessage", "")
    return f"{kind}: {message}".splitlines()[0] + " (its log has more)"


def caller(system: System) -> str:
    """Who acts, as AWS knows them: kept with every decision."""
    return str(system.client("sts").get_caller_identity()["Arn"])
