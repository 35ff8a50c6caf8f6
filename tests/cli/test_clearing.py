"""Invariant 10: the audit finds what a settlement has left, and nothing in books that are right."""

from typing import Any

import pytest

from cli.audit.clearing_returns_to_zero import clearing_returns_to_zero
from domain.booking import Booking
from domain.money import Money
from domain.posting import Posting
from domain.settlement_file import Paid, SettlementFile, Total
from domain.settling import settle, sweep_gain
from tests.cli.sample_books import Row, header

DAY = "2026-11-21"
USD = Total(
    currency="USD",
    lines=1,
    debits=12345,
    credits=0,
    paid=Paid(currency="EUR", amount=11246, rate="0.911"),
)
EUR = Total(currency="EUR", lines=1, debits=4500, credits=0)
FILE = SettlementFile(
    network="VISA", settlement_date=DAY, file_id="F1", lines=(), totals=(EUR, USD)
)


def moved(name: str, purpose: str, *postings: tuple[str, str, int, str], **more: Any) -> Row:
    legs = tuple(Posting(d, c, Money(amount, ccy), "X") for d, c, amount, ccy in postings)
    return header(f"J#{name}", purpose, name, legs) | more


def booked(booking: Booking | None) -> Row:
    assert booking is not None
    legs = [
        {"n": leg.n, "account": leg.account, "side": leg.side, "amount": leg.amount}
        | {"layer": leg.layer, "currency": leg.currency, "code": leg.code}
        for leg in booking.legs
    ]
    return {
        "pk": booking.header_id,
        "purpose": booking.purpose,
        "msg_id": booking.msg_id,
        "value_date": booking.value_date,
        "reason": booking.reason,
        "legs": legs,
    }


EUROS = moved("a", "CLEAR", ("cust:A-1", "settle:VISA:EUR", 4500, "EUR"))
DOLLARS = moved(
    "b",
    "CLEAR",
    ("cust:A-1", "fxpos:EUR/USD", 11263, "EUR"),
    ("fxpos:USD/EUR", "settle:VISA:USD", 12345, "USD"),
)
PAID_EUR, PAID_USD = booked(settle(FILE, EUR, 0)), booked(settle(FILE, USD, 0))
SWEPT = booked(sweep_gain(FILE, USD, 17))
SUSPENDED = moved(
    "c", "SUSPEND", ("susp:NO_RATE:EUR", "settle:ATM:EUR", 700, "EUR"), reason="NO_RATE"
)


def found(*headers: Row) -> list[str]:
    return [each.id for each in clearing_returns_to_zero(headers)]


def test_what_no_file_has_settled_yet_is_owed_and_no_break() -> None:
    assert found(EUROS, DOLLARS, SUSPENDED) == []


def test_after_payment_and_sweep_everything_is_zero() -> None:
    assert found(EUROS, DOLLARS, PAID_EUR, PAID_USD, SWEPT) == []


def test_what_a_file_did_not_pay_is_left_on_the_clearing_account() -> None:
    late = moved("d", "CLEAR", ("cust:A-1", "settle:VISA:EUR", 900, "EUR"))

    (left,) = clearing_returns_to_zero([EUROS, PAID_EUR, late])

    assert (left.invariant, left.id) == (10, "settle:VISA:EUR")
    assert "900 minor units are left" in left.what


def test_what_belongs_to_a_later_date_is_not_missed() -> None:
    tomorrow = moved("d", "CLEAR", ("cust:A-1", "settle:VISA:EUR", 900, "EUR"))

    assert found(EUROS, PAID_EUR, tomorrow | {"value_date": "2026-11-22"}) == []


def test_a_pending_hold_owes_nothing() -> None:
    hold = moved("d", "HOLD", ("cust:A-1", "settle:VISA:EUR", 900, "EUR"))
    for leg in hold["legs"]:
        leg["layer"] = "pending"

    assert found(EUROS, PAID_EUR, hold) == []


def test_a_gain_that_was_not_swept_is_found() -> None:
    assert found(DOLLARS, PAID_USD) == ["fxpos:EUR/USD"]


def test_a_gain_that_was_swept_wrong_is_found() -> None:
    assert found(DOLLARS, PAID_USD, booked(sweep_gain(FILE, USD, 16))) == ["fxpos:EUR/USD"]


def test_a_position_stays_open_while_something_of_its_currency_is() -> None:
    waiting = moved("d", "SUSPEND", ("susp:NO_RATE:USD", "settle:VISA:USD", 700, "USD"))
    paid = moved("e", "SETTLE", ("settle:VISA:USD", "fxpos:USD/EUR", 13045, "USD"), msg_id="e")

    assert found(DOLLARS, waiting, paid) == []


def test_dollars_that_were_bought_for_a_dollar_account_are_an_open_position() -> None:
    own = moved("d", "CLEAR", ("cust:A-2", "settle:VISA:USD", 12345, "USD"))

    assert found(own, PAID_USD) == []


def test_purchases_of_dollar_accounts_in_euros_open_a_position_of_their_own() -> None:
    """They are paid in euros, so that nobody has bought the dollars back."""
    abroad = moved(
        "d",
        "CLEAR",
        ("cust:A-2", "fxpos:USD/EUR", 500, "USD"),
        ("fxpos:EUR/USD", "settle:VISA:EUR", 450, "EUR"),
    )
    both = Total(currency="EUR", lines=2, debits=4950, credits=0)
    paid = booked(settle(FILE, both, 0))

    assert found(EUROS, DOLLARS, abroad, paid, PAID_USD, SWEPT) == []


# What waits in suspense


def resolved(purpose: str) -> Row:
    back = moved("c#RESOLVE", purpose, ("settle:ATM:EUR", "susp:NO_RATE:EUR", 700, "EUR"))
    return back | {"msg_id": "c"}


@pytest.mark.parametrize("purpose", ["RESUME", "RETURN"])
def test_what_is_resolved_has_left_suspense(purpose: str) -> None:
    assert found(SUSPENDED, resolved(purpose)) == []


def test_a_resolution_of_another_amount_is_found() -> None:
    wrong = resolved("RESUME")
    for leg in wrong["legs"]:
        leg["amount"] = 600

    assert found(SUSPENDED, wrong) == ["c"]


def test_suspense_that_nobody_opened_is_found() -> None:
    assert found(moved("d", "CLEAR", ("susp:NO_RATE:EUR", "settle:ATM:EUR", 1, "EUR"))) == ["d"]


def test_the_difference_of_a_break_is_open_until_it_is_corrected() -> None:
    mended = moved("m", "CORRECT", ("susp:SETTLEMENT_BREAK:EUR", "settle:VISA:EUR", 700, "EUR")) | {
        "reason": "SETTLEMENT_BREAK"
    }
    undone = moved(
        "m#CORRECT", "CORRECT", ("settle:VISA:EUR", "susp:SETTLEMENT_BREAK:EUR", 700, "EUR")
    ) | {"msg_id": "m"}

    assert found(mended) == []
    assert found(mended, undone) == []
