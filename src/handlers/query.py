"""Query: what became of a record, and an account's balances and statements.

GET /v1/messages/{id}
GET /v1/accounts/{account_id}/balances?currency=&at=
GET /v1/accounts/{account_id}/statements?from=&to=&currency=&limit=&next=
"""

import json
import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.reference import ReferenceTable
from adapters.statements import Statements
from adapters.story import Story
from domain import chart
from domain.errors import Unavailable
from domain.page_token import mark_of, token_of
from domain.problem import PROBLEM_TYPE, problem
from domain.query_parameters import BadParameter, balance_query, statement_query
from domain.statement_json import balance_body, page_body, past_body

logger = logs.logger()
dynamodb = aws.client("dynamodb")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
story = Story(
    InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
    journal,
)
statements = Statements(
    dynamodb,
    journal,
    BalanceTable(dynamodb, os.environ["BALANCES_TABLE"]),
    ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]),
)

type Answer = dict[str, Any]


def message(event: dict[str, Any]) -> Answer:
    ingest_id = event["pathParameters"]["id"]
    found = story.of(ingest_id)
    logger.info("queried", extra={"ingest_id": ingest_id, "found": found is not None})
    missing = {
        "code": "NOT_FOUND",
        "message": "no record has this id: use the ingest_id of a receipt",
    }
    return _answer(404 if found is None else 200, missing if found is None else found)


def balances(event: dict[str, Any]) -> Answer:
    account_id = event["pathParameters"]["account_id"]
    query = balance_query(_parameters(event), clock.now())
    account, currency = chart.customer(account_id), _currency(account_id, query.currency)
    if currency is None:
        return _no_account()
    if query.at is None:
        row = statements.balance(account, currency)
        body = balance_body(row) if row else None
    else:
        past = statements.balance_at(account, currency, query.at)
        body = past_body(past) if past else None
    logger.info("balance_queried", extra={"account": account, "found": body is not None})
    if body is None:
        return _no_balance()
    return _answer(200, {"account_id": account_id, "balances": [body]})


def statement(event: dict[str, Any]) -> Answer:
    account_id = event["pathParameters"]["account_id"]
    query = statement_query(_parameters(event))
    account, currency = chart.customer(account_id), _currency(account_id, query.currency)
    if currency is None:
        return _no_account()
    asked = (account, currency, query.since, query.until)
    mark = mark_of(query.token, *asked) if query.token else None
    page = statements.page(*asked, query.limit, mark)
    if page is None:
        return _no_balance()
    entries = len(page.statement.entries)
    logger.info("statement_queried", extra={"account": account, "entries": entries})
    token = token_of(*asked, page.mark) if page.mark else None
    body = page_body(page.statement, page.period, page.opening, page.closing, token)
    return _answer(200, body)


ROUTES = {
    "/v1/messages/{id}": message,
    "/v1/accounts/{account_id}/balances": balances,
    "/v1/accounts/{account_id}/statements": statement,
}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    try:
        return ROUTES[event["resource"]](event)
    except BadParameter as error:
        fault = problem(400, error.code, error.message, parameter=error.parameter)
        return _answer(400, fault, PROBLEM_TYPE)
    except Unavailable as error:
        logger.error("unavailable", extra={"why": str(error)})
        fault = problem(503, "UNAVAILABLE", "send the same request again")
        return _answer(503, fault, PROBLEM_TYPE)


def _parameters(event: dict[str, Any]) -> dict[str, str]:
    return event.get("queryStringParameters") or {}


def _currency(account_id: str, asked: str | None) -> str | None:
    """The currency asked for, else the account's own; None for an account that nobody knows."""
    holder = statements.holder(account_id)
    if holder is None:
        return None
    return asked or str(holder["currency"])


def _no_account() -> Answer:
    fault = problem(404, "NOT_FOUND", "no account has this id", parameter="account_id")
    return _answer(404, fault, PROBLEM_TYPE)


def _no_balance() -> Answer:
    told = "the account has no balance in this currency: leave it out for the account's own"
    fault = problem(404, "NOT_FOUND", told, parameter="currency")
    return _answer(404, fault, PROBLEM_TYPE)


def _answer(status: int, body: dict[str, Any], kind: str = "application/json") -> Answer:
    return {"statusCode": status, "headers": {"Content-Type": kind}, "body": json.dumps(body)}
