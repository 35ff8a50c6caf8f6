"""E9: the scheme is owed 45.00 and the customer has 30.00; the product says what is booked."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import charging
from domain.booking import BalanceRow, book_opening
from domain.events import Meta, Opening, OpeningRequested
from domain.holding import change_hold
from domain.missing_funds import funds_postings, net_of, receivable_of
from domain.money import Money
from domain.posting import PENDING, Posting, imbalance_of, legs_of
from domain.record_booking import book_resume
from domain.reference import FundsPolicy, Pricing
from domain.reversing import mirror
from tests.unit.decided_records import RATE_USD, TRAVEL, account, decided

CURRENCIES = pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "CLF"])

type Row = tuple[str, str, int, str]


def purchase(amount: int, currency: str = "EUR") -> tuple[Posting, ...]:
    record = decided(Money(amount, currency), known=account(currency))
    return charging.charge(record, charging.scheme_account(record))


def refund(amount: int, currency: str = "EUR") -> tuple[Posting, ...]:
    money = Money(amount, currency)
    record = decided(money, type="20", direction="CREDIT", known=account(currency))
    return charging.charge(record, charging.scheme_account(record))


def foreign() -> tuple[Posting, ...]:
    record = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)
    return charging.charge(record, charging.scheme_account(record))


def booked(
    postings: Sequence[Posting],
    *,
    available: int,
    receivable: int = 0,
    policy: FundsPolicy = "SPLIT",
) -> tuple[Posting, ...]:
    found = funds_postings(
        postings, "A1", available=available, receivable=receivable, policy=policy
    )
    assert found is not None
    assert imbalance_of(legs_of(found)) == {}
    return found


def rows(postings: Sequence[Posting]) -> list[Row]:
    return [(leg.side, leg.account, leg.amount, leg.currency) for leg in legs_of(postings)]


@CURRENCIES
def test_e9a_overdraw_books_all_of_it_to_the_customer(currency: str) -> None:
    assert booked(purchase(4500, currency), available=3000, policy="OVERDRAW") == purchase(
        4500, currency
    )


@CURRENCIES
def test_e9b_split_books_what_is_there_and_keeps_the_rest_as_a_receivable(currency: str) -> None:
    assert rows(booked(purchase(4500, currency), available=3000)) == [
        ("D", "cust:A1", 3000, currency),
        ("C", f"settle:VISA:{currency}", 3000, currency),
        ("D", "recv:overdrawn:A1", 1500, currency),
        ("C", f"settle:VISA:{currency}", 1500, currency),
    ]


@CURRENCIES
def test_e9b_the_next_credit_pays_the_receivable_first(currency: str) -> None:
    assert rows(booked(refund(2000, currency), available=0, receivable=1500)) == [
        ("D", f"settle:VISA:{currency}", 1500, currency),
        ("C", "recv:overdrawn:A1", 1500, currency),
        ("D", f"settle:VISA:{currency}", 500, currency),
        ("C", "cust:A1", 500, currency),
    ]


def test_e9b_a_smaller_credit_pays_a_part_of_it() -> None:
    assert rows(booked(refund(1000), available=0, receivable=1500)) == [
        ("D", "settle:VISA:EUR", 1000, "EUR"),
        ("C", "recv:overdrawn:A1", 1000, "EUR"),
    ]


def test_e9b_a_credit_with_a_fee_repays_no_more_than_it_brings() -> None:
    settlement, customer = "settle:VISA:EUR", "cust:A1"
    credit = Posting(settlement, customer, Money(2000, "EUR"), "PRINCIPAL")
    fee = Posting(customer, "inc:fx_fee", Money(500, "EUR"), "FX_FEE")

    split = booked([credit, fee], available=0, receivable=3000)

    assert (net_of(split, "A1"), receivable_of(split, "A1")) == (0, -1500)


@pytest.mark.parametrize("policy", ["OVERDRAW", "SUSPEND"])
def test_a_debt_is_paid_whatever_the_product_says_by_now(policy: FundsPolicy) -> None:
    paid = booked(refund(2000), available=0, receivable=1500, policy=policy)

    assert (net_of(paid, "A1"), receivable_of(paid, "A1")) == (500, -1500)


def test_e9c_suspend_books_nothing_to_the_customer() -> None:
    assert (
        funds_postings(purchase(4500), "A1", available=3000, receivable=0, policy="SUSPEND") is None
    )


@pytest.mark.parametrize("policy", ["OVERDRAW", "SPLIT", "SUSPEND"])
@pytest.mark.parametrize("available", [4500, 4501])
def test_enough_money_is_enough_for_every_policy(policy: FundsPolicy, available: int) -> None:
    assert booked(purchase(4500), available=available, policy=policy) == purchase(4500)


@pytest.mark.parametrize("available", [0, -700])
def test_without_any_money_all_of_it_is_a_receivable(available: int) -> None:
    split = booked(purchase(4500), available=available)

    assert rows(split) == [
        ("D", "recv:overdrawn:A1", 4500, "EUR"),
        ("C", "settle:VISA:EUR", 4500, "EUR"),
    ]


def test_fees_and_exchange_keep_their_own_legs_when_a_foreign_purchase_is_split() -> None:
    split = booked(foreign(), available=11400)

    assert rows(split) == [
        ("D", "cust:A1", 11263, "EUR"),
        ("C", "fxpos:EUR/USD", 11263, "EUR"),
        ("D", "fxpos:USD/EUR", 12345, "USD"),
        ("C", "settle:VISA:USD", 12345, "USD"),
        ("D", "cust:A1", 137, "EUR"),
        ("C", "inc:fx_markup", 137, "EUR"),
        ("D", "recv:overdrawn:A1", 88, "EUR"),
        ("C", "inc:fx_markup", 88, "EUR"),
        ("D", "recv:overdrawn:A1", 150, "EUR"),
        ("C", "inc:fx_fee", 150, "EUR"),
    ]


def test_cash_and_its_fee_are_judged_together() -> None:
    record = decided(Money(10000, "EUR"), type="01", pricing=Pricing(cash_fee=250))
    cash = charging.charge(record, charging.scheme_account(record))

    assert funds_postings(cash, "A1", available=10100, receivable=0, policy="SUSPEND") is None
    assert receivable_of(booked(cash, available=10100), "A1") == 150


def test_the_release_of_a_hold_is_no_money_and_stays_as_it_is() -> None:
    clearing = (*purchase(4500), *change_hold("A1", "VISA", Money(-6000, "EUR")))

    split = booked(clearing, available=3000)

    assert [leg.amount for leg in legs_of(split) if leg.layer == PENDING] == [6000, 6000]
    assert receivable_of(split, "A1") == 1500


def test_reversing_a_split_purchase_clears_its_debt_and_gives_back_what_was_paid() -> None:
    split = booked(purchase(4500), available=3000)
    undone = booked(mirror(split, 4500, 0, 4500), available=0, receivable=1500)

    assert (net_of(undone, "A1"), receivable_of(undone, "A1")) == (3000, -1500)


def test_reversing_it_after_the_debt_was_paid_gives_all_of_it_to_the_customer() -> None:
    split = booked(purchase(4500), available=3000)
    undone = booked(mirror(split, 4500, 0, 4500), available=500, receivable=0)

    assert (net_of(undone, "A1"), receivable_of(undone, "A1")) == (4500, 0)


@given(
    st.lists(st.tuples(st.sampled_from(["purchase", "refund"]), st.integers(1, 5000)), max_size=12)
)
def test_split_never_overdraws_and_owes_what_the_receivable_says(
    drawn: list[tuple[str, int]],
) -> None:
    posted, receivable = 3000, 0
    for kind, amount in drawn:
        postings = purchase(amount) if kind == "purchase" else refund(amount)
        split = booked(postings, available=posted, receivable=receivable)
        posted += net_of(split, "A1")
        receivable += receivable_of(split, "A1")

        assert posted >= 0
        assert receivable >= 0
        assert posted == 0 or receivable == 0
    whole = sum(amount if kind == "refund" else -amount for kind, amount in drawn)
    assert posted - receivable == 3000 + whole


def test_who_releases_what_waits_for_money_books_it_all_the_same() -> None:
    record = decided(Money(4500, "EUR"), pricing=Pricing(funds_policy="SUSPEND"))

    booking = book_resume(record, "INSUFFICIENT_FUNDS", "event", "2026-11-20T10:11:12Z", row(3000))

    assert (booking.net, booking.receivable) == (-4500, 0)


def test_a_release_to_an_account_without_money_is_split_like_a_purchase() -> None:
    record = decided(Money(4500, "EUR"), pricing=Pricing(funds_policy="SPLIT"))

    booking = book_resume(record, "ACCOUNT_ON_HOLD", "event", "2026-11-20T10:11:12Z", row(3000))

    assert (booking.net, booking.receivable) == (-3000, 1500)


def test_opening_money_pays_what_was_lacking_before_it_came() -> None:
    event = OpeningRequested(
        meta=Meta(
            event_id="event",
            msg_id="opening",
            correlation_id="opening",
            causation_id="load",
            business_time="2026-11-20T10:11:12Z",
        ),
        data=Opening(account_id="A1", amount=Money(2000, "EUR"), value_date="2026-11-20"),
    )

    plain, paying = book_opening(event, row(0)), book_opening(event, row(0, receivable=1500))

    assert plain == book_opening(event)
    assert (plain.net, paying.net, paying.receivable) == (2000, 500, -1500)
    assert paying.fingerprint == plain.fingerprint


def row(available: int, receivable: int = 0) -> BalanceRow:
    return BalanceRow(
        account="cust:A1",
        currency="EUR",
        status="OPEN",
        overdraft_limit=0,
        posted_d=0,
        posted_c=available,
        held=0,
        available=available,
        version=1,
        posting_no=1,
        receivable=receivable,
    )
