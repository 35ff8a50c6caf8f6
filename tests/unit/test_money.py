from fractions import Fraction

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversion import FxRate, convert
from domain.currency import UnknownCurrency, alpha_of, exponent_of, is_numeric_code, numeric_of
from domain.currency_table import CURRENCIES
from domain.money import CurrencyMismatch, Money

AMOUNTS = st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)


def test_the_currency_table_is_the_one_of_iso_4217() -> None:
    official = {
        currency.code: (f"{currency.number:03}", currency.exponent)
        for currency in iso4217.Currency
        if currency.exponent is not None
    }

    assert official == CURRENCIES


def test_currencies_are_found_by_alpha_and_by_numeric_code() -> None:
    assert (alpha_of("978"), numeric_of("EUR"), exponent_of("EUR")) == ("EUR", "978", 2)
    assert (exponent_of("JPY"), exponent_of("KWD"), exponent_of("CLF")) == (0, 3, 4)
    assert is_numeric_code("414")
    assert not is_numeric_code("000")


@pytest.mark.parametrize("code", ["XAU", "XXX", "eur", ""])
def test_a_code_without_a_minor_unit_is_no_currency(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent_of(code)
    with pytest.raises(UnknownCurrency):
        alpha_of(code)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(4500, "EUR"), "45.00"),
        (Money(5, "EUR"), "0.05"),
        (Money(-5, "EUR"), "-0.05"),
        (Money(15000, "JPY"), "15000"),
        (Money(12345, "KWD"), "12.345"),
        (Money(0, "KWD"), "0.000"),
    ],
)
def test_money_is_written_with_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert money.to_decimal_string() == text
    assert Money.from_decimal_string(text, money.currency) == money


@pytest.mark.parametrize("text", ["", "1,00", "1.", ".5", "1e3", "٤٥", " 1", "+1", "1.005"])
def test_text_that_is_no_amount_of_the_currency_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"digits|decimals"):
        Money.from_decimal_string(text, "EUR")


def test_decimals_of_zero_may_be_more_than_the_currency_has() -> None:
    assert Money.from_decimal_string("15000.00", "JPY") == Money(15000, "JPY")


@given(AMOUNTS, st.sampled_from(sorted(CURRENCIES)))
def test_writing_and_reading_gives_the_same_money(amount: int, currency: str) -> None:
    money = Money(amount, currency)

    assert Money.from_decimal_string(money.to_decimal_string(), currency) == money


def test_money_adds_up_in_one_currency_only() -> None:
    assert Money(1, "EUR") + Money(2, "EUR") - Money(5, "EUR") == -Money(2, "EUR")
    assert Money(1, "KWD").numeric == "414"
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")


def test_the_largest_amount_at_the_longest_rate_converts_exactly() -> None:
    """ISO 20022: amounts of up to 18 digits, rates of up to 25 with 13 decimals."""
    amount, rate = 999_999_999_999_999_999, "0.9123456789123"

    exact = Fraction(amount) * Fraction(rate)

    half_up = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    assert convert(Money(amount, "USD"), FxRate("EUR", "USD", rate, "", "")).amount == half_up
