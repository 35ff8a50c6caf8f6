"""Load reference data: schema-checked rows in; card numbers leave only as tokens.

Invoked synchronously by the command line: `{"action": "begin"}` gives a version, then
`{"action": "rows", "kind": ..., "version": ..., "rows": [...]}` loads a chunk of one kind, and
`{"action": "rules", "rule_version": ..., "rows": [...]}` a rule set. `{"action": "activate",
"rule_version": ..., "by": ..., "note": ..., "dry_run": bool}` puts a loaded one in force.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.accounts import Accounts
from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.posting_queue import PostingQueue
from adapters.reference import ReferenceTable
from adapters.reference_loading import ReferenceLoading
from adapters.rule_sets import RuleSetChanged, RuleSets
from adapters.vault import Vault, read_index_key
from domain.card_number import CardNumber
from domain.errors import Refused

logger = logs.logger()
dynamodb = aws.client("dynamodb")
loading = ReferenceLoading(dynamodb, ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]))
rule_sets = RuleSets(dynamodb, os.environ["REFERENCE_TABLE"])
accounts = Accounts(
    BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    JournalTable(dynamodb, os.environ["JOURNAL_TABLE"]),
)
queue = PostingQueue(aws.client("sqs"), os.environ["POST_QUEUE_URL"])
vault = Vault(
    dynamodb,
    aws.client("kms"),
    os.environ["VAULT_TABLE"],
    os.environ["VAULT_KEY_ARN"],
    read_index_key(aws.client("secretsmanager"), os.environ["INDEX_SECRET_ARN"]),
)


def load(kind: str, rows: list[dict[str, Any]], version: int) -> dict[str, Any]:
    """How many rows changed, and an error for each row that was refused."""
    if kind == "fx":
        return {"changed": loading.load_rates(rows), "errors": []}
    if kind == "cards":
        return {"changed": loading.load("cards", _tokenised(rows), version), "errors": []}
    if kind == "accounts":
        return _load_accounts(rows, version)
    return {"changed": loading.load(kind, rows, version), "errors": []}


def load_rules(rule_version: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """As `load`, and the version in force, which stays as it was unless there was none."""
    try:
        changed = rule_sets.load(rule_version, rows, clock.timestamp())
    except RuleSetChanged as refusal:
        return {"changed": 0, "errors": [{"code": "RULE_SET_CHANGED", "message": str(refusal)}]}
    return {"changed": changed, "errors": [], "in_force": rule_sets.in_force()}


def activate(event: dict[str, Any]) -> dict[str, Any]:
    """The activation, or the code and message of its refusal."""
    dry_run = bool(event.get("dry_run"))
    try:
        done = rule_sets.activate(
            event["rule_version"],
            event["by"],
            event["note"],
            clock.timestamp(),
            dry_run=dry_run,
        )
    except Refused as refusal:
        logger.warning("activation_refused", extra={"code": refusal.code})
        return {"code": refusal.code, "message": refusal.message}
    told: dict[str, Any] = msgspec.to_builtins(done) | {"dry_run": dry_run}
    logger.info("rules_activated", extra=told)
    return told


def _load_accounts(rows: list[dict[str, Any]], version: int) -> dict[str, Any]:
    """The balance row first, so that it exists before anything can be posted to the account."""
    openings, accepted, errors = [], [], []
    terms_changed = 0
    for row in rows:
        try:
            settled = accounts.settle(row, clock.timestamp())
        except Refused as refusal:
            errors.append(
                {"account_id": row["account_id"], "code": refusal.code, "message": refusal.message}
            )
            continue
        terms_changed += settled.changed
        openings += [settled.opening] if settled.opening else []
        accepted.append({name: value for name, value in row.items() if name != "opening_money"})
    changed = loading.load("accounts", accepted, version)
    queue.send(openings)
    return {"changed": max(changed, terms_changed), "openings": len(openings), "errors": errors}


def _tokenised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cards = {row["card_number"]: CardNumber(row["card_number"]) for row in rows}
    tokens = vault.tokens_of(cards.values())
    return [
        {name: value for name, value in row.items() if name != "card_number"}
        | {"token": tokens[cards[row["card_number"]]], "last4": cards[row["card_number"]].last4}
        for row in rows
    ]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    match event["action"]:
        case "begin":
            result: dict[str, Any] = {"version": loading.next_version()}
        case "rules":
            result = load_rules(event["rule_version"], event["rows"])
        case "activate":
            return activate(event)
        case _:
            result = load(event["kind"], event["rows"], event["version"])
    logger.info("reference_loaded", extra={"kind": event.get("kind"), **_counts(result)})
    return result


def _counts(result: dict[str, Any]) -> dict[str, int]:
    return {
        name: len(value) if isinstance(value, list) else value for name, value in result.items()
    }
