"""Query: balances and statements of an account, in pages, with every fault named."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.page_token import Mark, token_of
from domain.statement import Span
from handlers import query
from samples.envelopes import api_request
from samples.event_story import CALLER
from tests.fakes.cloud import Cloud
from tests.handlers import given

ACCOUNT, ACCOUNT_KEY = "A-1001", "cust:A-1001"
BALANCES, STATEMENTS = (
    f"/v1/accounts/{{account_id}}/{each}" for each in ("balances", "statements")
)
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
A_DAY = {"from": "2026-11-20", "to": "2026-11-21"}


def ask(
    context: Any, resource: str, account_id: str = ACCOUNT, **parameters: str
) -> tuple[int, dict[str, Any]]:
    event = api_request("GET", resource, CALLER, path={"account_id": account_id})
    event["queryStringParameters"] = parameters or None
    answer = query.handler(event, context)
    kind = "application/json" if answer["statusCode"] == 200 else "application/problem+json"
    assert answer["headers"] == {"Content-Type": kind}
    return answer["statusCode"], json.loads(answer["body"])


def fault(context: Any, resource: str, account_id: str = ACCOUNT, **parameters: str) -> Any:
    """Status, code and parameter of a refused request."""
    status, told = ask(context, resource, account_id, **parameters)
    assert status == told["status"] >= 400
    assert told["title"]
    assert told["detail"]
    return status, told["code"], told["parameter"]


@pytest.fixture(autouse=True)
def account(cloud: Cloud) -> None:
    """An account in EUR, with two thousand of overdraft and nothing booked."""
    terms = {"account_id": ACCOUNT, "currency": "EUR", "iban": "NL39XPST0000000001"}
    cloud.put("reference", pk=f"A#{ACCOUNT}", sk="CURRENT", **terms)
    row(cloud, 0, 0, 0)


def row(cloud: Cloud, credit: int, debit: int, number: int) -> None:
    cloud.put(
        "balances",
        pk=f"B#{ACCOUNT_KEY}#EUR",
        account=ACCOUNT_KEY,
        currency="EUR",
        account_kind="customer",
        status="OPEN",
        overdraft_limit=2_000,
        posted_d=debit,
        posted_c=credit,
        held=0,
        available=credit - debit + 2_000,
        version=number + 1,
        posting_no=number,
    )


def booked(cloud: Cloud, *amounts: int, every: timedelta = timedelta(hours=1)) -> None:
    """One booking after the other from the morning on."""
    balance = 0
    for number, amount in enumerate(amounts, start=1):
        balance += amount
        moment = MORNING + every * (number - 1)
        cloud.put(
            "journal",
            pk=f"S#{ACCOUNT_KEY}#EUR",
            sk=f"{number:012d}",
            header_id=f"J#msg_{number}",
            amount=amount,
            balance_after=balance,
            purpose="CLEAR",
            narrative="NORDMARKT BERLIN DE",
            value_date="2026-11-19",
            booked_at=moment.isoformat(timespec="milliseconds"),
        )
    credit, debit = (sum(max(sign * each, 0) for each in amounts) for sign in (1, -1))
    row(cloud, credit, debit, len(amounts))


def pages(context: Any, **parameters: str) -> list[dict[str, Any]]:
    """All pages, by the token of each."""
    status, told = ask(context, STATEMENTS, **parameters)
    assert status == 200
    found = [told]
    while "next" in found[-1]:
        status, told = ask(context, STATEMENTS, **parameters, next=found[-1]["next"])
        assert status == 200
        found.append(told)
    return found


def test_the_balance_now_tells_posted_held_and_available(cloud: Cloud, context: Any) -> None:
    booked(cloud, 10_000, -4_500)

    status, told = ask(context, BALANCES)

    assert status == 200
    assert told == {
        "account_id": ACCOUNT,
        "balances": [
            {
                "currency": "EUR",
                "exponent": 2,
                "posted": 5_500,
                "held": 0,
                "available": 7_500,
                "overdraft_limit": 2_000,
                "status": "OPEN",
                "posting_no": 2,
            }
        ],
    }


@pytest.mark.parametrize(
    ("at", "posted", "number"),
    [
        ("2026-11-20T07:59:59.999Z", 0, 0),
        ("2026-11-20T08:00:00Z", 10_000, 1),
        ("2026-11-20T09:59:59+01:00", 10_000, 1),
        ("2026-11-20T10:00:00+01:00", 5_500, 2),
        ("2026-11-20T12:00:00Z", 5_500, 2),
    ],
)
def test_the_balance_at_an_instant_counts_what_was_booked_until_then(
    cloud: Cloud, context: Any, at: str, posted: int, number: int
) -> None:
    booked(cloud, 10_000, -4_500)

    _, told = ask(context, BALANCES, at=at)

    (balance,) = told["balances"]
    assert (balance["posted"], balance["posting_no"]) == (posted, number)


def test_many_bookings_in_a_minute_are_told_apart(cloud: Cloud, context: Any) -> None:
    booked(cloud, *[1] * 60, every=timedelta(seconds=1))

    _, told = ask(context, BALANCES, at="2026-11-20T08:00:40Z")

    assert told["balances"][0]["posted"] == 41


def test_a_statement_has_its_balances_totals_and_entries(cloud: Cloud, context: Any) -> None:
    booked(cloud, 10_000, -4_500, -250)

    status, told = ask(context, STATEMENTS, **A_DAY)

    assert status == 200
    assert (told["opening_balance"], told["closing_balance"]) == (0, 5_250)
    assert told["entry_count"] == 3
    assert told["page"]["debits"] == {"count": 2, "sum": 4_750}
    assert told["page"]["credits"] == {"count": 1, "sum": 10_000}
    assert [entry["balance_after"] for entry in told["entries"]] == [10_000, 5_500, 5_250]
    assert told["entries"][0] == {
        "posting_no": 1,
        "header_id": "J#msg_1",
        "amount": 10_000,
        "balance_after": 10_000,
        "purpose": "CLEAR",
        "narrative": "NORDMARKT BERLIN DE",
        "value_date": "2026-11-19",
        "booked_at": "2026-11-20T08:00:00.000+00:00",
        "booking_date": "2026-11-20",
    }
    assert "next" not in told


def test_a_day_closes_where_the_next_one_opens(cloud: Cloud, context: Any) -> None:
    booked(cloud, *range(1, 60), every=timedelta(minutes=37))

    _, day = ask(context, STATEMENTS, **A_DAY)
    _, after = ask(context, STATEMENTS, **{"from": "2026-11-21", "to": "2026-11-22"})
    _, later = ask(context, STATEMENTS, **{"from": "2026-11-25", "to": "2026-11-26"})

    assert day["closing_balance"] == after["opening_balance"]
    assert day["entry_count"] + after["entry_count"] == 59
    assert later["opening_balance"] == later["closing_balance"] == after["closing_balance"]
    assert later["entries"] == []


def test_pages_follow_one_another_and_tell_the_whole_period(cloud: Cloud, context: Any) -> None:
    booked(cloud, *range(1, 24), every=timedelta(minutes=5))

    found = pages(context, **A_DAY, limit="10")

    assert [len(page["entries"]) for page in found] == [10, 10, 3]
    told = [entry["posting_no"] for page in found for entry in page["entries"]]
    assert told == list(range(1, 24))
    for page in found:
        assert (page["opening_balance"], page["closing_balance"]) == (0, sum(range(1, 24)))
        assert page["entry_count"] == 23
    ends = [(page["page"]["opening_balance"], page["page"]["closing_balance"]) for page in found]
    assert ends == [(0, 55), (55, 210), (210, 276)]


def test_what_is_booked_between_two_pages_is_on_none_of_them(cloud: Cloud, context: Any) -> None:
    booked(cloud, 1, 2, 3)
    _, first = ask(context, STATEMENTS, **A_DAY, limit="2")
    booked(cloud, 1, 2, 3, 4)

    _, second = ask(context, STATEMENTS, **A_DAY, limit="2", next=first["next"])

    assert [entry["posting_no"] for entry in second["entries"]] == [3]
    assert second["closing_balance"] == 6


def test_an_account_that_nobody_knows_is_not_found(context: Any) -> None:
    expected = (404, "NOT_FOUND", "account_id")

    assert fault(context, BALANCES, "A-nobody") == expected
    assert fault(context, STATEMENTS, "A-nobody", **A_DAY) == expected


def test_a_currency_that_the_account_does_not_have_is_not_found(context: Any) -> None:
    expected = (404, "NOT_FOUND", "currency")

    assert fault(context, BALANCES, currency="USD") == expected
    assert fault(context, BALANCES, currency="USD", at="2026-11-20T08:00:00Z") == expected
    assert fault(context, STATEMENTS, **A_DAY, currency="USD") == expected


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-20T08:00:00"}, "at"),
        ({"at": "2026-11-20T12:00:00.001Z"}, "at"),
        ({"currency": "EURO"}, "currency"),
        ({"moment": "2026-11-20T08:00:00Z"}, "moment"),
    ],
)
def test_a_fault_in_a_question_about_a_balance_names_its_parameter(
    context: Any, parameters: dict[str, str], named: str
) -> None:
    assert fault(context, BALANCES, **parameters) == (400, "BAD_PARAMETER", named)


MARK = Mark(period=Span(1, 3), next=2, latest=MORNING)
OTHERS = token_of("cust:A-1002", "EUR", MORNING.date(), MORNING.date(), MARK)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"from": ""}, "from"),
        ({"from": "20261120"}, "from"),
        ({"from": "2026-11-31"}, "from"),
        ({"to": "2026-11-20"}, "to"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"currency": "eur"}, "currency"),
        ({"next": "not a token"}, "next"),
        ({"next": OTHERS}, "next"),
        ({"until": "2026-11-21"}, "until"),
    ],
)
def test_a_fault_in_a_question_about_a_statement_names_its_parameter(
    context: Any, parameters: dict[str, str], named: str
) -> None:
    assert fault(context, STATEMENTS, **A_DAY | parameters) == (400, "BAD_PARAMETER", named)


def test_a_token_is_good_for_the_request_that_it_came_from_only(cloud: Cloud, context: Any) -> None:
    booked(cloud, 1, 2, 3)
    _, first = ask(context, STATEMENTS, **A_DAY, limit="2")
    other = {"from": "2026-11-19", "to": "2026-11-21", "next": first["next"]}

    assert fault(context, STATEMENTS, **other) == (400, "BAD_PARAMETER", "next")


def test_a_token_that_leads_behind_the_last_line_is_refused(cloud: Cloud, context: Any) -> None:
    booked(cloud, 1, 2, 3)
    _, first = ask(context, STATEMENTS, **A_DAY, limit="2")
    row(cloud, 3, 0, 2)

    refused = fault(context, STATEMENTS, **A_DAY, next=first["next"])

    assert refused == (400, "BAD_PARAMETER", "next")


def test_a_booked_story_is_on_its_account_s_statement(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.openings_booked(cloud)
    given.booked(cloud, "TransactionPostingApproved")

    _, told = ask(context, STATEMENTS, **A_DAY)

    assert [entry["purpose"] for entry in told["entries"]] == ["OPENING", "CLEAR"]
    _, now = ask(context, BALANCES)
    assert told["closing_balance"] == now["balances"][0]["posted"]
