"""E9 at the ledger: what a product says about missing funds, by the row that is booked against."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.audit.available_is_right import available_is_right
from cli.audit.balance_is_entries import balance_is_entries
from cli.audit.finding import Break
from cli.audit.no_orphan_legs import no_orphan_legs
from handlers import fold, post
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, crash_in
from tests.handlers import given as there_is

APPROVED = there_is.sample("TransactionPostingApproved")
CUSTOMER, OVERDRAWN, SCHEME = "cust:A-1001", "recv:overdrawn:A-1001", "settle:VISA:EUR"


def account(cloud: Cloud, available: int) -> None:
    """A-1001 with opening money of so much, and no limit."""
    row = {
        "pk": f"B#{CUSTOMER}#EUR",
        "account": CUSTOMER,
        "currency": "EUR",
        "account_kind": "customer",
        "status": "OPEN",
        "overdraft_limit": 0,
        "available": 0,
        "posted_d": 0,
        "posted_c": 0,
        "held": 0,
        "version": 1,
        "posting_no": 0,
    }
    cloud.put("balances", **row)
    if available:
        take(message("opening", available, "OVERDRAW", direction="CREDIT"))


def message(name: str, amount: int, policy: str, direction: str = "DEBIT") -> dict[str, Any]:
    money = {"amount": amount, "currency": "EUR"}
    data = APPROVED["detail"]["data"]
    event = there_is.changed(
        APPROVED,
        msg_id=f"msg_{name}",
        ingest_id=f"ing_{name}",
        fingerprint=f"{amount:064d}",
        purchase_id=None,
        direction=direction,
        amounts={"transaction": money, "settlement": money, "billing": money},
        billing_source="SAME_CURRENCY",
        fx=None,
        pricing=data["pricing"] | {"funds_policy": policy},
    )
    event["detail"] |= {"meta": event["detail"]["meta"] | {"msg_id": f"msg_{name}"}}
    return event


def take(*events: dict[str, Any]) -> None:
    answer = post.handler(there_is.in_queue(*events), there_is.CONTEXT)
    assert answer == {"batchItemFailures": []}


def header(cloud: Cloud, name: str) -> dict[str, Any]:
    return cloud.row("journal", pk=f"J#msg_{name}", sk="H")


def legs(cloud: Cloud, name: str) -> list[tuple[str, str, int]]:
    return [(leg["side"], leg["account"], leg["amount"]) for leg in header(cloud, name)["legs"]]


def balance(cloud: Cloud) -> tuple[int, int, int]:
    """Posted, available, receivable."""
    row = cloud.row("balances", pk=f"B#{CUSTOMER}#EUR")
    return row["posted_c"] - row["posted_d"], row["available"], row.get("receivable", 0)


def broken(cloud: Cloud) -> list[Break]:
    """What the audit finds, once the internal accounts are folded."""
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, there_is.CONTEXT)
    journal, rows = cloud.rows("journal"), cloud.rows("balances")
    headers = {row["pk"]: row for row in journal if row["sk"] == "H"}
    lines = [row for row in journal if row["pk"].startswith("S#")]
    balances = [row for row in rows if row["pk"].startswith("B#")]
    markers = frozenset(row["pk"][2:] for row in rows if row["pk"].startswith("F#"))
    return [
        *balance_is_entries(headers, lines, balances, markers),
        *no_orphan_legs(headers, lines, markers),
        *available_is_right(balances),
    ]


def test_e9a_overdraw_books_all_of_it_and_says_so(cloud: Cloud) -> None:
    account(cloud, 3000)

    take(message("p", 4500, "OVERDRAW"))

    assert legs(cloud, "p") == [("D", CUSTOMER, 4500), ("C", SCHEME, 4500)]
    assert "OVERDRAWN" in header(cloud, "p")["flags"]
    assert balance(cloud) == (-1500, -1500, 0)
    assert broken(cloud) == []


def test_e9b_split_keeps_a_receivable_on_the_row_and_the_next_credit_pays_it(cloud: Cloud) -> None:
    account(cloud, 3000)

    take(message("p", 4500, "SPLIT"))

    assert legs(cloud, "p") == [
        ("D", CUSTOMER, 3000),
        ("C", SCHEME, 3000),
        ("D", OVERDRAWN, 1500),
        ("C", SCHEME, 1500),
    ]
    assert balance(cloud) == (0, 0, 1500)
    assert "OVERDRAWN" not in header(cloud, "p")["flags"]

    take(message("r", 2000, "SPLIT", direction="CREDIT"))

    assert legs(cloud, "r") == [
        ("D", SCHEME, 1500),
        ("C", OVERDRAWN, 1500),
        ("D", SCHEME, 500),
        ("C", CUSTOMER, 500),
    ]
    assert balance(cloud) == (500, 500, 0)
    assert broken(cloud) == []
    # The fold keeps the receivable like any internal account.
    folded = cloud.row("balances", pk=f"B#{OVERDRAWN}#EUR")
    assert (folded["posted_d"], folded["posted_c"]) == (1500, 1500)


def test_e9c_suspend_leaves_the_customer_alone(cloud: Cloud) -> None:
    account(cloud, 3000)

    take(message("p", 4500, "SUSPEND"))

    assert legs(cloud, "p") == [("D", "susp:INSUFFICIENT_FUNDS:EUR", 4500), ("C", SCHEME, 4500)]
    assert header(cloud, "p")["purpose"] == "SUSPEND"
    assert header(cloud, "p")["reason"] == "INSUFFICIENT_FUNDS"
    assert balance(cloud) == (3000, 3000, 0)
    assert broken(cloud) == []


def test_a_purchase_without_any_money_has_a_line_of_nothing(cloud: Cloud) -> None:
    account(cloud, 0)

    take(message("p", 4500, "SPLIT"))

    line = cloud.row("journal", pk=f"S#{CUSTOMER}#EUR")
    assert (line["amount"], line["balance_after"]) == (0, 0)
    assert balance(cloud) == (0, 0, 4500)
    assert broken(cloud) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_around_a_split_booking_books_it_once(cloud: Cloud, moment: str) -> None:
    account(cloud, 3000)
    setattr(cloud.dynamodb, moment, crash_in("TransactWriteItems"))
    with pytest.raises(Crash):
        take(message("p", 4500, "SPLIT"))
    setattr(cloud.dynamodb, moment, lambda _operation: None)

    take(message("p", 4500, "SPLIT"), message("p", 4500, "SPLIT"))

    assert balance(cloud) == (0, 0, 1500)
    assert broken(cloud) == []


def test_a_credit_that_comes_between_reading_and_writing_is_seen(cloud: Cloud) -> None:
    account(cloud, 3000)
    rivals = [message("r", 1000, "SPLIT", direction="CREDIT")]

    def rival(operation: str) -> None:
        if operation == "TransactWriteItems" and rivals:
            take(rivals.pop())

    cloud.dynamodb.before = rival
    take(message("p", 4500, "SPLIT"))

    assert legs(cloud, "p")[::2] == [("D", CUSTOMER, 4000), ("D", OVERDRAWN, 500)]
    assert balance(cloud) == (0, 0, 500)


def test_the_audit_finds_a_receivable_that_nobody_booked(cloud: Cloud) -> None:
    account(cloud, 3000)
    take(message("p", 4500, "SPLIT"))
    row = cloud.row("balances", pk=f"B#{CUSTOMER}#EUR")

    cloud.put("balances", **row | {"receivable": 1499})

    assert [each.what for each in broken(cloud)] == [
        "the receivable is 1499, its entries sum to 1500"
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["DEBIT", "CREDIT"]),
            st.integers(1, 4000),
            st.sampled_from(["SPLIT", "SPLIT", "OVERDRAW", "SUSPEND"]),
        ),
        max_size=8,
    )
)
def test_whatever_comes_under_whichever_policy_the_books_agree(
    cloud: Cloud, drawn: list[tuple[str, int, str]]
) -> None:
    cloud.reset()
    account(cloud, 3000)

    for number, (direction, amount, policy) in enumerate(drawn):
        take(message(str(number), amount, policy, direction))

    assert broken(cloud) == []
    assert balance(cloud)[2] >= 0
