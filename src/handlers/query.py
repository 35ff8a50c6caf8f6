"""Query: what the ledger and the tables hold, read only; the routes are those of ROUTES.

GET /v1/messages/{id}                           a record's whole story
GET /v1/accounts/{account_id}/balances          now, or at an instant
GET /v1/accounts/{account_id}/statements        a period, in pages
GET /v1/parked, /v1/parked/{ingest_id}          what was not booked, and one such record
GET /v1/suspense                                open suspense bookings
GET /v1/trial-balance                           every account, in pages
GET /v1/openapi.json                            the document of this API
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.claims import ClaimTable
from adapters.full_story import FullStory
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.listing import Place
from adapters.open_suspense import OpenSuspense
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.parked_list import ParkedList, Wanted
from adapters.payments import PaymentTable
from adapters.reference import ReferenceTable
from adapters.rest_api import Answer, Request, answer, parameters_of, refusal, refusal_of
from adapters.statements import Statements
from adapters.trial_balances import Point, TrialBalances
from domain import chart
from domain.errors import Refused, Unavailable
from domain.page_token import mark_of, seal, token_of, unseal
from domain.paths import checked
from domain.query_parameters import (
    REASONS,
    Nothing,
    ParkedQuery,
    SuspenseQuery,
    TrialBalanceQuery,
    balance_query,
    days_of,
    read_query,
    statement_query,
)
from domain.statement_json import balance_body, page_body, past_body
from domain.trial_balance import trial_balance_body
from domain.waiting_json import parked_body, suspense_body

logger = logs.logger()
dynamodb = aws.client("dynamodb")
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
balance_rows = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
story = FullStory(
    InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    parked,
    journal,
    ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"]),
    balance_rows,
    PairTable(dynamodb, os.environ["CLAIMS_TABLE"]),
    PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"]),
)
statements = Statements(
    dynamodb, journal, balance_rows, ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])
)
parked_list = ParkedList(dynamodb, os.environ["PARKED_TABLE"])
open_suspense = OpenSuspense(dynamodb, journal)
trial_balances = TrialBalances(dynamodb, os.environ["BALANCES_TABLE"], journal)
DOCUMENT = Path(__file__).parents[1] / "openapi.json"


def message(request: Request) -> Answer:
    read_query(parameters_of(request), Nothing)
    identifier = _part(request, "id")
    found = story.of(identifier)
    logger.info("queried", extra={"asked_for": identifier, "found": found is not None})
    if found is None:
        return _missing("no record has this id: use the ingest_id of a receipt", "id")
    return answer(200, found)


def balances(request: Request) -> Answer:
    account_id = _part(request, "account_id")
    query = balance_query(parameters_of(request), clock.now())
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
    return answer(200, {"account_id": account_id, "balances": [body]})


def statement(request: Request) -> Answer:
    account_id = _part(request, "account_id")
    query = statement_query(parameters_of(request))
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
    return answer(200, page_body(page.statement, page.period, page.opening, page.closing, token))


def parked_records(request: Request) -> Answer:
    query = read_query(parameters_of(request), ParkedQuery)
    since, until = days_of(query, clock.now().date())
    reasons = (query.reason,) if query.reason else REASONS
    wanted = Wanted(since=since, until=until, reasons=reasons, state=query.state, code=query.code)
    asked = ("parked", str(since), str(until), *reasons, query.state or "", query.code or "")
    place = unseal(query.token, asked, Place) if query.token else None
    rows, later = parked_list.page(wanted, query.limit, place)
    logger.info("parked_queried", extra={"items": len(rows)})
    return answer(200, _page([parked_body(row) for row in rows], asked, later))


def parked_record(request: Request) -> Answer:
    read_query(parameters_of(request), Nothing)
    ingest_id = _part(request, "ingest_id")
    row = parked.get(ingest_id)
    logger.info("parked_queried", extra={"ingest_id": ingest_id, "found": row is not None})
    if row is None:
        return _missing("no record of this id was ever parked", "ingest_id")
    return answer(200, parked_body(row))


def suspense(request: Request) -> Answer:
    query = read_query(parameters_of(request), SuspenseQuery)
    since, until = days_of(query, clock.now().date())
    asked = ("suspense", str(since), str(until))
    place = unseal(query.token, asked, Place) if query.token else None
    found, later = open_suspense.page(since, until, query.limit, place)
    logger.info("suspense_queried", extra={"items": len(found)})
    return answer(200, _page([suspense_body(each) for each in found], asked, later))


def trial_balance(request: Request) -> Answer:
    query = read_query(parameters_of(request), TrialBalanceQuery)
    asked = ("trial-balance",)
    point = unseal(query.token, asked, Point) if query.token else None
    found, later = trial_balances.page(query.limit, clock.now(), point)
    logger.info("trial_balance_queried", extra={"accounts": len(found.lines)})
    body = {"complete": later is None} | trial_balance_body(found)
    return answer(200, body | ({"next": seal(asked, later)} if later else {}))


def openapi(request: Request) -> Answer:
    read_query(parameters_of(request), Nothing)
    return answer(200, msgspec.Raw(DOCUMENT.read_bytes()))


ROUTES = {
    "/v1/messages/{id}": message,
    "/v1/accounts/{account_id}/balances": balances,
    "/v1/accounts/{account_id}/statements": statement,
    "/v1/parked": parked_records,
    "/v1/parked/{ingest_id}": parked_record,
    "/v1/suspense": suspense,
    "/v1/trial-balance": trial_balance,
    "/v1/openapi.json": openapi,
}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    try:
        return ROUTES[event["resource"]](event)
    except (Refused, Unavailable) as error:
        refused = refusal_of(error)
        if refused["statusCode"] >= 500:
            logger.error("not_answered", extra={"why": str(error)})
        return refused


def _part(request: Request, name: str) -> str:
    """A part of the path, in plain characters. Raises BadParameter."""
    return checked(name, unquote(request["pathParameters"][name]))


def _page(items: list[Any], asked: Sequence[str], later: Place | None) -> dict[str, Any]:
    return {"items": items} | ({"next": seal(asked, later)} if later else {})


def _currency(account_id: str, asked: str | None) -> str | None:
    """The currency asked for, else the account's own; None for an account that nobody knows."""
    holder = statements.holder(account_id)
    if holder is None:
        return None
    return asked or str(holder["currency"])


def _no_account() -> Answer:
    return _missing("no account has this id", "account_id")


def _no_balance() -> Answer:
    told = "the account has no balance in this currency: leave it out for the account's own"
    return _missing(told, "currency")


def _missing(told: str, parameter: str) -> Answer:
    return refusal(404, "NOT_FOUND", told, parameter=parameter)
