"""The accounting cases, each with its legs to the minor unit (design, domain 3.6)."""

import pytest

from domain import charging
from domain.events import Decided
from domain.money import Money
from domain.posting import Leg, Posting, imbalance_of, legs_of, movements_of
from domain.reference import Pricing
from tests.unit.decided_records import RATE_JPY, RATE_KWD, RATE_USD, TRAVEL, account, decided

type Booked = list[tuple[str, str, int, str]]


def booked(postings: tuple[Posting, ...]) -> Booked:
    """(side, account, amount, currency) in order, as the cases are written."""
    return [(leg.side, leg.account, leg.amount, leg.currency) for leg in legs_of(postings)]


def charged(record: Decided) -> Booked:
    return booked(charging.charge(record, charging.scheme_account(record)))


def customer_net(record: Decided) -> int:
    legs = legs_of(charging.charge(record, charging.scheme_account(record)))
    return movements_of(legs)["cust:A1", "EUR"].net


def test_e1_a_domestic_purchase_debits_the_customer_and_owes_the_scheme() -> None:
    record = decided(Money(4500, "EUR"))

    assert charged(record) == [("D", "cust:A1", 4500, "EUR"), ("C", "settle:VISA:EUR", 4500, "EUR")]
    assert charging.purpose_of(record) == "CLEAR"


def test_e2_a_foreign_purchase_has_its_exchange_markup_and_fee_as_legs_of_their_own() -> None:
    record = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)

    assert charged(record) == [
        ("D", "cust:A1", 11263, "EUR"),
        ("C", "fxpos:EUR/USD", 11263, "EUR"),
        ("D", "fxpos:USD/EUR", 12345, "USD"),
        ("C", "settle:VISA:USD", 12345, "USD"),
        ("D", "cust:A1", 225, "EUR"),
        ("C", "inc:fx_markup", 225, "EUR"),
        ("D", "cust:A1", 150, "EUR"),
        ("C", "inc:fx_fee", 150, "EUR"),
    ]
    assert customer_net(record) == -11638


@pytest.mark.parametrize(
    ("amount", "rate", "billed"),
    [(Money(15000, "JPY"), RATE_JPY, 9185), (Money(12345, "KWD"), RATE_KWD, 3688)],
    ids=["15,000 yen without decimals", "12.345 dinars with three"],
)
def test_e2b_currencies_of_zero_and_three_decimals_convert_to_the_cent(
    amount: Money, rate: object, billed: int
) -> None:
    record = decided(amount, rate=rate)  # type: ignore[arg-type]

    assert customer_net(record) == -billed
    assert ("C", f"settle:VISA:{amount.currency}", amount.amount, amount.currency) in charged(
        record
    )


def test_e3_a_refund_credits_the_customer() -> None:
    record = decided(Money(2000, "EUR"), type="20", direction="CREDIT")

    assert charged(record) == [("D", "settle:VISA:EUR", 2000, "EUR"), ("C", "cust:A1", 2000, "EUR")]
    assert charging.purpose_of(record) == "REFUND"


def test_a_foreign_refund_takes_neither_markup_nor_fee() -> None:
    record = decided(
        Money(5000, "USD"), rate=RATE_USD, pricing=TRAVEL, type="20", direction="CREDIT"
    )

    assert charged(record) == [
        ("D", "fxpos:EUR/USD", 4562, "EUR"),
        ("C", "cust:A1", 4562, "EUR"),
        ("D", "settle:VISA:USD", 5000, "USD"),
        ("C", "fxpos:USD/EUR", 5000, "USD"),
    ]


def test_e6_cash_carries_its_fee_and_both_debits_are_one_movement_of_the_customer() -> None:
    record = decided(Money(10000, "EUR"), type="01", network="ATM", pricing=Pricing(cash_fee=250))

    assert charged(record) == [
        ("D", "cust:A1", 10000, "EUR"),
        ("C", "settle:ATM:EUR", 10000, "EUR"),
        ("D", "cust:A1", 250, "EUR"),
        ("C", "inc:cash_fee", 250, "EUR"),
    ]
    assert customer_net(record) == -10250
    assert charging.purpose_of(record) == "CASH"


def test_the_scheme_s_billing_amount_is_final() -> None:
    record = decided(Money(12345, "USD"), billing=Money(11300, "EUR"), pricing=TRAVEL)

    assert customer_net(record) == -11300


def test_markup_on_a_billed_amount_is_the_product_s_choice() -> None:
    priced = Pricing(fx_markup="2.0", fx_fee=150, fx_fee_on_billed=True)
    record = decided(Money(12345, "USD"), billing=Money(11300, "EUR"), pricing=priced)

    assert customer_net(record) == -(11300 + 226 + 150)


def test_the_settlement_leg_is_what_the_scheme_settles_in() -> None:
    record = decided(
        Money(12345, "USD"), billing=Money(11300, "EUR"), settlement=Money(11290, "EUR")
    )

    assert charged(record) == [
        ("D", "cust:A1", 11300, "EUR"),
        ("C", "fxpos:EUR/EUR", 11300, "EUR"),
        ("D", "fxpos:EUR/EUR", 11290, "EUR"),
        ("C", "settle:VISA:EUR", 11290, "EUR"),
    ]


def test_e8f_a_blocked_account_s_foreign_purchase_waits_in_the_transaction_currency() -> None:
    record = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)

    assert booked(charging.suspend(record, "ACCOUNT_ON_HOLD")) == [
        ("D", "susp:ACCOUNT_ON_HOLD:USD", 12345, "USD"),
        ("C", "settle:VISA:USD", 12345, "USD"),
    ]


def test_e8f_its_release_takes_it_out_of_suspense_with_markup_and_fee() -> None:
    record = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)

    assert booked(charging.resume(record, "ACCOUNT_ON_HOLD")) == [
        ("D", "cust:A1", 11263, "EUR"),
        ("C", "fxpos:EUR/USD", 11263, "EUR"),
        ("D", "fxpos:USD/EUR", 12345, "USD"),
        ("C", "susp:ACCOUNT_ON_HOLD:USD", 12345, "USD"),
        ("D", "cust:A1", 225, "EUR"),
        ("C", "inc:fx_markup", 225, "EUR"),
        ("D", "cust:A1", 150, "EUR"),
        ("C", "inc:fx_fee", 150, "EUR"),
    ]


def test_e8_a_domestic_suspense_booking_can_be_released_or_returned() -> None:
    record = decided(Money(4500, "EUR"))

    assert booked(charging.resume(record, "ACCOUNT_ON_HOLD")) == [
        ("D", "cust:A1", 4500, "EUR"),
        ("C", "susp:ACCOUNT_ON_HOLD:EUR", 4500, "EUR"),
    ]
    assert booked(charging.give_back(record, "ACCOUNT_ON_HOLD")) == [
        ("D", "settle:VISA:EUR", 4500, "EUR"),
        ("C", "susp:ACCOUNT_ON_HOLD:EUR", 4500, "EUR"),
    ]


def test_e8r_a_refund_to_an_unknown_account_stands_on_the_other_side_of_suspense() -> None:
    record = decided(Money(2000, "EUR"), type="20", direction="CREDIT")

    assert booked(charging.suspend(record, "UNKNOWN_ACCOUNT")) == [
        ("D", "settle:VISA:EUR", 2000, "EUR"),
        ("C", "susp:UNKNOWN_ACCOUNT:EUR", 2000, "EUR"),
    ]
    assert booked(charging.resume(record, "UNKNOWN_ACCOUNT")) == [
        ("D", "susp:UNKNOWN_ACCOUNT:EUR", 2000, "EUR"),
        ("C", "cust:A1", 2000, "EUR"),
    ]
    assert booked(charging.give_back(record, "UNKNOWN_ACCOUNT")) == [
        ("D", "susp:UNKNOWN_ACCOUNT:EUR", 2000, "EUR"),
        ("C", "settle:VISA:EUR", 2000, "EUR"),
    ]


def test_e10_an_unknown_account_is_suspended_without_a_customer() -> None:
    record = decided(Money(4500, "EUR"), unknown_account=True)

    assert booked(charging.suspend(record, "UNKNOWN_ACCOUNT")) == [
        ("D", "susp:UNKNOWN_ACCOUNT:EUR", 4500, "EUR"),
        ("C", "settle:VISA:EUR", 4500, "EUR"),
    ]


def test_opening_money_comes_from_the_nostro() -> None:
    assert booked(charging.open_account("A1", Money(100000, "EUR"))) == [
        ("D", "nostro:EUR", 100000, "EUR"),
        ("C", "cust:A1", 100000, "EUR"),
    ]


def test_every_sequence_balances_in_each_currency() -> None:
    record = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)

    assert imbalance_of(legs_of(charging.charge(record, "settle:VISA:USD"))) == {}


def test_an_unbalanced_pair_of_legs_is_found() -> None:
    legs = [
        Leg(1, "a", "EUR", "D", 100, "posted", "PRINCIPAL"),
        Leg(2, "b", "EUR", "C", 99, "posted", "PRINCIPAL"),
    ]

    assert imbalance_of(legs) == {"EUR": 1}


@pytest.mark.parametrize("amount", [0, -1])
def test_a_posting_of_nothing_or_less_cannot_be_written_down(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Posting("a", "b", Money(amount, "EUR"), "PRINCIPAL")


def test_a_record_without_an_account_cannot_be_charged() -> None:
    record = decided(Money(100, "EUR"), unknown_account=True)

    with pytest.raises(ValueError, match="no account"):
        charging.charge(record, "settle:VISA:EUR")


def test_the_account_s_own_currency_may_be_another_than_euro() -> None:
    record = decided(Money(1000, "USD"), known=account("USD"))

    assert charged(record) == [("D", "cust:A1", 1000, "USD"), ("C", "settle:VISA:USD", 1000, "USD")]
