"""Every case of docs/accounting.md to the minor unit, in currencies of 0, 2, 3 and 4 decimals.

The cases that one card message makes by itself also stand in test_charging.py.
"""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import charging, disputing
from domain.charging import TEMPLATES
from domain.conversion import FxRate
from domain.events import Decided
from domain.holding import change_hold
from domain.money import Money
from domain.posting import PENDING, POSTED, Leg, Posting, imbalance_of, legs_of, movements_of
from domain.reference import Pricing
from domain.reversing import mirror
from tests.unit.decided_records import RATE_JPY, RATE_KWD, RATE_USD, TRAVEL, account, decided

CURRENCIES = pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "CLF"])

type Row = tuple[str, str, int, str]


def rows(postings: Sequence[Posting], layer: str = POSTED) -> list[Row]:
    legs = [leg for leg in legs_of(postings) if leg.layer == layer]
    assert imbalance_of(legs) == {}
    return [(leg.side, leg.account, leg.amount, leg.currency) for leg in legs]


def charged(record: Decided) -> tuple[Posting, ...]:
    return charging.charge(record, charging.scheme_account(record))


def domestic(amount: int, currency: str, **changes: object) -> tuple[Posting, ...]:
    money = Money(amount, currency)
    return charged(decided(money, known=account(currency), **changes))  # type: ignore[arg-type]


def nets(postings: Sequence[Posting]) -> dict[tuple[str, str], int]:
    """What each account has gained, credits less debits, without those that gained nothing."""
    return {key: moved.net for key, moved in movements_of(legs_of(postings)).items() if moved.net}


@CURRENCIES
def test_e0_an_authorisation_is_a_balanced_pending_booking(currency: str) -> None:
    hold = change_hold("A1", "VISA", Money(6000, currency))

    assert rows(hold, PENDING) == [
        ("D", "cust:A1", 6000, currency),
        ("C", f"settle:VISA:{currency}", 6000, currency),
    ]
    assert nets(hold) == {}


@CURRENCIES
def test_e1_a_clearing_posts_what_it_is_and_releases_what_was_held(currency: str) -> None:
    postings = (*domestic(4500, currency), *change_hold("A1", "VISA", Money(-6000, currency)))

    assert rows(postings) == [
        ("D", "cust:A1", 4500, currency),
        ("C", f"settle:VISA:{currency}", 4500, currency),
    ]
    assert rows(postings, PENDING) == [
        ("D", f"settle:VISA:{currency}", 6000, currency),
        ("C", "cust:A1", 6000, currency),
    ]


@pytest.mark.parametrize(
    ("known", "amount", "rate", "billed", "markup"),
    [
        ("EUR", Money(12345, "USD"), RATE_USD, 11263, 225),
        ("EUR", Money(15000, "JPY"), RATE_JPY, 9185, 184),
        ("EUR", Money(12345, "KWD"), RATE_KWD, 3688, 74),
        ("EUR", Money(12345, "CLF"), FxRate("EUR", "CLF", "36.5", "ECB", "2026-11-20"), 4506, 90),
        (
            "JPY",
            Money(12345, "USD"),
            FxRate("JPY", "USD", "154.32", "ECB", "2026-11-20"),
            19051,
            381,
        ),
        (
            "KWD",
            Money(12345, "USD"),
            FxRate("KWD", "USD", "0.3068", "ECB", "2026-11-20"),
            37874,
            757,
        ),
        (
            "CLF",
            Money(12345, "USD"),
            FxRate("CLF", "USD", "0.0231", "ECB", "2026-11-20"),
            28517,
            570,
        ),
    ],
)
def test_e2_e2b_an_exchange_is_rounded_half_up_once_per_amount(
    known: str, amount: Money, rate: FxRate, billed: int, markup: int
) -> None:
    record = decided(amount, rate=rate, pricing=TRAVEL, known=account(known))

    assert rows(charged(record)) == [
        ("D", "cust:A1", billed, known),
        ("C", f"fxpos:{known}/{amount.currency}", billed, known),
        ("D", f"fxpos:{amount.currency}/{known}", amount.amount, amount.currency),
        ("C", f"settle:VISA:{amount.currency}", amount.amount, amount.currency),
        ("D", "cust:A1", markup, known),
        ("C", "inc:fx_markup", markup, known),
        ("D", "cust:A1", 150, known),
        ("C", "inc:fx_fee", 150, known),
    ]


@CURRENCIES
def test_e3_a_refund_gives_the_customer_what_the_scheme_owes_us(currency: str) -> None:
    assert rows(domestic(2000, currency, type="20", direction="CREDIT")) == [
        ("D", f"settle:VISA:{currency}", 2000, currency),
        ("C", "cust:A1", 2000, currency),
    ]


def test_e3b_a_foreign_refund_takes_the_rate_of_its_own_day() -> None:
    rate = FxRate("EUR", "USD", "0.905000", "ECB", "2026-11-27T00:00:00Z")
    record = decided(Money(5000, "USD"), rate=rate, pricing=TRAVEL, type="20", direction="CREDIT")

    assert rows(charged(record)) == [
        ("D", "fxpos:EUR/USD", 4525, "EUR"),
        ("C", "cust:A1", 4525, "EUR"),
        ("D", "settle:VISA:USD", 5000, "USD"),
        ("C", "fxpos:USD/EUR", 5000, "USD"),
    ]


@CURRENCIES
@pytest.mark.parametrize("released", [6000, 2000], ids=["e4 in full", "e4b in part"])
def test_e4_e4b_a_reversal_before_clearing_only_releases(currency: str, released: int) -> None:
    release = change_hold("A1", "VISA", Money(-released, currency))

    assert rows(release, PENDING) == [
        ("D", f"settle:VISA:{currency}", released, currency),
        ("C", "cust:A1", released, currency),
    ]
    assert nets(release) == {}


def test_e5_a_reversal_after_clearing_takes_the_stored_amounts_back_to_exactly_nothing() -> None:
    booked = charged(decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL))

    reversal = mirror(booked, 12345, 0, 12345)

    assert nets(reversal)["cust:A1", "EUR"] == 11638
    assert nets((*booked, *reversal)) == {}


def test_e5b_a_part_of_a_reversal_hits_its_total_in_every_currency() -> None:
    booked = charged(decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL))

    part = mirror(booked, 12345, 0, 4115)

    assert nets(part)["cust:A1", "EUR"] == 3879
    assert nets(part)["settle:VISA:USD", "USD"] == -4115


@CURRENCIES
def test_e6_cash_and_its_fee_move_the_customer_once(currency: str) -> None:
    postings = domestic(10000, currency, type="01", network="ATM", pricing=Pricing(cash_fee=250))

    assert nets(postings) == {
        ("cust:A1", currency): -10250,
        (f"settle:ATM:{currency}", currency): 10000,
        ("inc:cash_fee", currency): 250,
    }


@CURRENCIES
@pytest.mark.parametrize("reason", ["ACCOUNT_ON_HOLD", "UNKNOWN_ACCOUNT", "INSUFFICIENT_FUNDS"])
def test_e8_e9c_e10_what_waits_in_suspense_is_owed_and_leaves_nothing_behind(
    currency: str, reason: str
) -> None:
    record = decided(Money(4500, currency), known=account(currency))
    waiting = charging.suspend(record, reason)

    assert rows(waiting) == [
        ("D", f"susp:{reason}:{currency}", 4500, currency),
        ("C", f"settle:VISA:{currency}", 4500, currency),
    ]
    assert nets((*waiting, *charging.resume(record, reason))) == nets(charged(record))
    assert nets((*waiting, *charging.give_back(record, reason))) == {}


def test_e8f_e8r_are_the_worked_numbers_of_a_foreign_release_and_of_a_refund() -> None:
    foreign = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)
    refund = decided(Money(2000, "EUR"), type="20", direction="CREDIT")

    released = (
        *charging.suspend(foreign, "ACCOUNT_ON_HOLD"),
        *charging.resume(foreign, "ACCOUNT_ON_HOLD"),
    )
    returned = (
        *charging.suspend(refund, "UNKNOWN_ACCOUNT"),
        *charging.give_back(refund, "UNKNOWN_ACCOUNT"),
    )

    assert nets(released)["cust:A1", "EUR"] == -11638
    assert nets(returned) == {}


@CURRENCIES
def test_e11_an_over_clearing_posts_what_is_owed_and_releases_what_was_held(currency: str) -> None:
    postings = (*domestic(7500, currency), *change_hold("A1", "VISA", Money(-6000, currency)))

    assert nets(postings) == {
        ("cust:A1", currency): -7500,
        (f"settle:VISA:{currency}", currency): 7500,
    }
    assert rows(postings, PENDING)[1] == ("C", "cust:A1", 6000, currency)


@CURRENCIES
def test_e12_settlement_returns_the_clearing_account_to_nothing(currency: str) -> None:
    settled = TEMPLATES.post("SETTLE", {"network": "VISA"}, {"settled": Money(4500, currency)})

    assert rows(settled) == [
        ("D", f"settle:VISA:{currency}", 4500, currency),
        ("C", f"nostro:{currency}", 4500, currency),
    ]
    assert nets((*domestic(4500, currency), *settled)) == {
        ("cust:A1", currency): -4500,
        (f"nostro:{currency}", currency): 4500,
    }


def test_e12_what_a_bought_currency_cost_less_is_swept_to_income() -> None:
    purchase = charged(decided(Money(12345, "USD"), rate=RATE_USD))
    bought = (
        *TEMPLATES.post(
            "SETTLE_ABROAD",
            {"network": "VISA", "other_currency": "EUR"},
            {"settled": Money(12345, "USD")},
        ),
        *TEMPLATES.post("SETTLE_COST", {"other_currency": "USD"}, {"settled": Money(11246, "EUR")}),
    )

    assert rows(bought) == [
        ("D", "settle:VISA:USD", 12345, "USD"),
        ("C", "fxpos:USD/EUR", 12345, "USD"),
        ("D", "fxpos:EUR/USD", 11246, "EUR"),
        ("C", "nostro:EUR", 11246, "EUR"),
    ]
    gain = nets((*purchase, *bought))["fxpos:EUR/USD", "EUR"]
    assert gain == 17
    swept = TEMPLATES.post("FX_GAIN", {"other_currency": "USD"}, {"settled": Money(gain, "EUR")})
    assert rows(swept) == [("D", "fxpos:EUR/USD", 17, "EUR"), ("C", "inc:fx_gain", 17, "EUR")]
    assert nets((*purchase, *bought, *swept)) == {
        ("cust:A1", "EUR"): -11263,
        ("nostro:EUR", "EUR"): 11246,
        ("inc:fx_gain", "EUR"): 17,
    }


@CURRENCIES
def test_e13_a_dispute_that_is_won_leaves_the_scheme_without_the_purchase(currency: str) -> None:
    amount = Money(4500, currency)
    opened = disputing.open_dispute("A1", amount)
    won = disputing.win_dispute("VISA", amount)

    assert rows(opened) == [("D", "disp:recv", 4500, currency), ("C", "cust:A1", 4500, currency)]
    assert rows(won) == [
        ("D", f"settle:VISA:{currency}", 4500, currency),
        ("C", "disp:recv", 4500, currency),
    ]
    assert nets((*domestic(4500, currency), *opened, *won)) == {}


def test_e13f_what_a_dispute_wins_in_another_currency_goes_through_the_position() -> None:
    """112.63 were claimed for 123.45 dollars, and 123.00 dollars are paid."""
    amount, paid = Money(11263, "EUR"), Money(12300, "USD")

    assert nets(disputing.win_dispute("VISA", amount, paid)) == {
        ("fxpos:EUR/USD", "EUR"): -11263,
        ("disp:recv", "EUR"): 11263,
        ("settle:VISA:USD", "USD"): -12300,
        ("fxpos:USD/EUR", "USD"): 12300,
    }


@CURRENCIES
def test_e13_a_dispute_that_is_lost_is_the_customer_s_or_ours(currency: str) -> None:
    amount = Money(4500, currency)
    opened, lost = disputing.open_dispute("A1", amount), disputing.lose_dispute("A1", amount)

    assert rows(lost) == [("D", "cust:A1", 4500, currency), ("C", "disp:recv", 4500, currency)]
    assert nets((*opened, *lost)) == {}
    assert nets((*opened, *disputing.bear_dispute(amount))) == {
        ("cust:A1", currency): 4500,
        ("loss:disputes", currency): -4500,
    }


@CURRENCIES
def test_e14_a_correction_is_the_mirror_of_the_wrong_and_then_the_right(currency: str) -> None:
    wrong, right = domestic(5400, currency), domestic(4500, currency)

    corrected = (*mirror(wrong, 5400, 0, 5400), *right)

    assert nets((*wrong, *corrected)) == nets(right)
    assert nets(corrected)["cust:A1", currency] == 900


@CURRENCIES
def test_e15_cashback_is_one_debit_of_the_whole(currency: str) -> None:
    assert rows(domestic(5000, currency, type="09")) == [
        ("D", "cust:A1", 5000, currency),
        ("C", f"settle:VISA:{currency}", 5000, currency),
    ]


def test_every_case_of_the_accounting_has_its_template() -> None:
    told = set(itertools.chain.from_iterable(template.cases for template in TEMPLATES.all))

    # A repeat (E7) books nothing; reversals (E5, E5b) and corrections (E14) mirror what was booked.
    assert told == {
        "E0", "E1", "E2", "E2b", "E3", "E3b", "E4", "E4b", "E6", "E8", "E8f", "E8r", "E9b", "E9c",
        "E10", "E11", "E12", "E13", "E13f", "E15",
    }  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cust:A1", "settle:VISA:EUR", "nostro:EUR"]),
            st.sampled_from(["inc:fx_fee", "disp:recv"]),
            st.integers(min_value=-5, max_value=10**12),
            st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
        ),
        max_size=8,
    )
)
def test_a_sequence_that_does_not_sum_to_nothing_cannot_be_constructed(
    drawn: list[tuple[str, str, int, str]],
) -> None:
    postings = []
    for debit, credit, amount, currency in drawn:
        try:
            postings.append(Posting(debit, credit, Money(amount, currency), "PRINCIPAL"))
        except ValueError:
            assert amount <= 0 or (currency != "EUR" and debit.endswith(":EUR"))

    legs: tuple[Leg, ...] = legs_of(postings)

    assert imbalance_of(legs) == {}
