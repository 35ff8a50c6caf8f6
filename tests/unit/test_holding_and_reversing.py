"""Holds, their release, and reversals: the cases with their legs to the minor unit."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import charging
from domain.conversion import FxRate
from domain.holding import change_hold
from domain.money import Money
from domain.posting import Posting, imbalance_of, legs_of, movements_of, postings_of, totals_of
from domain.reversing import mirror
from tests.unit.decided_records import RATE_JPY, RATE_KWD, RATE_USD, TRAVEL, decided

type Row = tuple[str, str, int, str, str]


def rows(postings: tuple[Posting, ...]) -> list[Row]:
    return [
        (leg.side, leg.account, leg.amount, leg.currency, leg.layer) for leg in legs_of(postings)
    ]


def charged(amount: Money, rate: FxRate | None = None) -> tuple[Posting, ...]:
    record = decided(amount, rate=rate, pricing=TRAVEL if rate else None)
    return charging.charge(record, charging.scheme_account(record))


def customer_net(postings: tuple[Posting, ...]) -> int:
    return movements_of(legs_of(postings))["cust:A1", "EUR"].net


def test_e0_an_authorisation_holds_and_posts_nothing() -> None:
    hold = change_hold("A1", "VISA", Money(6000, "EUR"))

    assert rows(hold) == [
        ("D", "cust:A1", 6000, "EUR", "pending"),
        ("C", "settle:VISA:EUR", 6000, "EUR", "pending"),
    ]
    assert movements_of(legs_of(hold)) == {}
    assert totals_of(legs_of(hold)) == {}


def test_e1_a_clearing_of_less_posts_its_amount_and_releases_the_whole_hold() -> None:
    postings = (*charged(Money(4500, "EUR")), *change_hold("A1", "VISA", Money(-6000, "EUR")))

    assert rows(postings) == [
        ("D", "cust:A1", 4500, "EUR", "posted"),
        ("C", "settle:VISA:EUR", 4500, "EUR", "posted"),
        ("D", "settle:VISA:EUR", 6000, "EUR", "pending"),
        ("C", "cust:A1", 6000, "EUR", "pending"),
    ]
    assert customer_net(postings) == -4500


@pytest.mark.parametrize("amount", [6000, 2000], ids=["e4 in full", "e4b in part"])
def test_a_reversal_before_clearing_releases(amount: int) -> None:
    assert rows(change_hold("A1", "VISA", Money(-amount, "EUR"))) == [
        ("D", "settle:VISA:EUR", amount, "EUR", "pending"),
        ("C", "cust:A1", amount, "EUR", "pending"),
    ]


def test_no_change_makes_no_posting() -> None:
    assert change_hold("A1", "VISA", Money(0, "EUR")) == ()


def test_e5_a_full_reversal_mirrors_the_stored_amounts() -> None:
    booked = charged(Money(12345, "USD"), RATE_USD)

    assert rows(mirror(booked, 12345, 0, 12345)) == [
        ("D", "fxpos:EUR/USD", 11263, "EUR", "posted"),
        ("C", "cust:A1", 11263, "EUR", "posted"),
        ("D", "settle:VISA:USD", 12345, "USD", "posted"),
        ("C", "fxpos:USD/EUR", 12345, "USD", "posted"),
        ("D", "inc:fx_markup", 225, "EUR", "posted"),
        ("C", "cust:A1", 225, "EUR", "posted"),
        ("D", "inc:fx_fee", 150, "EUR", "posted"),
        ("C", "cust:A1", 150, "EUR", "posted"),
    ]


def test_e5b_half_of_it_gives_half_of_each_part_and_hits_the_total() -> None:
    booked = charged(Money(12345, "USD"), RATE_USD)

    half = mirror(booked, 12345, 0, 6173)

    assert customer_net(half) == 5819
    assert rows(half)[2:4] == [
        ("D", "settle:VISA:USD", 6173, "USD", "posted"),
        ("C", "fxpos:USD/EUR", 6173, "USD", "posted"),
    ]


@pytest.mark.parametrize(
    ("amount", "rate"),
    [
        (Money(4500, "EUR"), None),
        (Money(15000, "JPY"), RATE_JPY),
        (Money(12345, "KWD"), RATE_KWD),
        (Money(12345, "CLF"), FxRate("EUR", "CLF", "36.5", "ECB", "2026-11-20T00:00:00Z")),
    ],
    ids=["two decimals", "none", "three", "four"],
)
def test_a_reversal_leaves_exactly_nothing_in_any_currency(
    amount: Money, rate: FxRate | None
) -> None:
    booked = charged(amount, rate)

    undone = legs_of((*booked, *mirror(booked, amount.amount, 0, amount.amount)))

    assert {moved.net for moved in movements_of(undone).values()} == {0}


@given(st.lists(st.integers(min_value=1, max_value=12345), max_size=5))
def test_parts_in_any_order_undo_the_same_postings_and_the_last_leaves_nothing(
    pieces: list[int],
) -> None:
    cuts = sorted(set(itertools.accumulate(pieces)) & set(range(12345)))
    booked = charged(Money(12345, "USD"), RATE_USD)
    degrees = [0, *cuts, 12345]

    parts = [mirror(booked, 12345, low, high) for low, high in itertools.pairwise(degrees)]

    for part in parts:
        assert imbalance_of(legs_of(part)) == {}
    undone = movements_of(legs_of([*booked, *itertools.chain.from_iterable(parts)]))
    assert {moved.net for moved in undone.values()} == {0}


def test_more_than_the_whole_cannot_be_undone() -> None:
    with pytest.raises(ValueError, match="no reversal"):
        mirror(charged(Money(4500, "EUR")), 4500, 4000, 4501)


def test_stored_legs_read_back_as_their_postings() -> None:
    postings = (
        *charged(Money(12345, "USD"), RATE_USD),
        *change_hold("A1", "VISA", Money(-1, "EUR")),
    )

    assert postings_of(legs_of(postings)) == postings
