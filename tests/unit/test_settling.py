"""Case E12: what the payment of a settlement file books, to the minor unit."""

from typing import Any

import msgspec
import pytest

from domain.booking import Booking
from domain.posting import Movement, movements_of
from domain.settlement_file import Line, Paid, Reference, SettlementFile, Total
from domain.settlement_matching import Matching, Pair, Presentment, SettlementBreak
from domain.settling import realised, repair, settle, sweep_gain

LEGS = list[tuple[str, str, str, int]]


def file_of(*totals: Total) -> SettlementFile:
    return SettlementFile(
        network="VISA", settlement_date="2026-11-21", file_id="F1", lines=(), totals=totals
    )


def total(
    currency: str, debits: int, credits: int = 0, paid: Paid | None = None, lines: int = 1
) -> Total:
    return Total(currency=currency, lines=lines, debits=debits, credits=credits, paid=paid)


def legs(booking: Booking | None) -> LEGS:
    assert booking is not None
    return [(leg.side, leg.account, leg.currency, leg.amount) for leg in booking.legs]


def matched(currency: str, owed: int, positions: dict[str, int], there: int | None = None) -> Any:
    """One line and the presentment that it pays."""
    amount = there if there is not None else owed
    line = Line(
        n=1,
        reference=Reference(rrn="1"),
        amount=abs(amount),
        currency=currency,
        direction="DEBIT" if amount > 0 else "CREDIT",
    )
    booked = Presentment(
        header_id="J#a",
        reference=line.reference,
        currency=currency,
        owed=owed,
        value_date="2026-11-21",
        positions=positions,
    )
    return Matching(pairs=(Pair(line, booked),), breaks=())


EUROS = total("EUR", 4500)
DOLLARS = total("USD", 12345, paid=Paid(currency="EUR", amount=11246, rate="0.911"))


def test_what_is_owed_in_our_own_currency_is_paid_from_the_nostro() -> None:
    booking = settle(file_of(EUROS), EUROS, 0)

    assert legs(booking) == [
        ("D", "settle:VISA:EUR", "EUR", 4500),
        ("C", "nostro:EUR", "EUR", 4500),
    ]
    assert booking is not None
    assert booking.header_id == "J#SETTLE#VISA#2026-11-21#F1#EUR"
    assert booking.customer is None


def test_dollars_are_bought_at_the_rate_of_the_file() -> None:
    assert legs(settle(file_of(DOLLARS), DOLLARS, 0)) == [
        ("D", "settle:VISA:USD", "USD", 12345),
        ("C", "fxpos:USD/EUR", "USD", 12345),
        ("D", "fxpos:EUR/USD", "EUR", 11246),
        ("C", "nostro:EUR", "EUR", 11246),
    ]


def test_what_the_position_has_earned_is_income() -> None:
    matching = matched("USD", 12345, {"fxpos:EUR/USD": 11263, "fxpos:USD/EUR": -12345})

    gain = realised(DOLLARS, matching)

    assert gain == 17
    assert legs(sweep_gain(file_of(DOLLARS), DOLLARS, gain)) == [
        ("D", "fxpos:EUR/USD", "EUR", 17),
        ("C", "inc:fx_gain", "EUR", 17),
    ]


def test_what_the_position_has_lost_is_taken_from_income() -> None:
    dear = total("USD", 12345, paid=Paid(currency="EUR", amount=11300, rate="0.915323"))
    matching = matched("USD", 12345, {"fxpos:EUR/USD": 11263, "fxpos:USD/EUR": -12345})

    loss = realised(dear, matching)

    assert loss == -37
    assert legs(sweep_gain(file_of(dear), dear, loss)) == [
        ("D", "inc:fx_gain", "EUR", 37),
        ("C", "fxpos:EUR/USD", "EUR", 37),
    ]


@pytest.mark.parametrize(
    ("currency", "owed", "billed", "paid", "gain"),
    [
        ("JPY", 15_000, 9185, 9150, 35),  # no decimals
        ("USD", 12_345, 11_263, 11_246, 17),  # two
        ("KWD", 12_345, 3688, 3691, -3),  # three
        ("CLF", 10_000, 3_612, 3_600, 12),  # four
    ],
)
def test_after_payment_and_sweep_every_clearing_account_and_position_is_zero(
    currency: str, owed: int, billed: int, paid: int, gain: int
) -> None:
    stated = total(currency, owed, paid=Paid(currency="EUR", amount=paid, rate="1"))
    positions = {f"fxpos:EUR/{currency}": billed, f"fxpos:{currency}/EUR": -owed}
    matching = matched(currency, owed, positions)
    file = file_of(stated)

    swept = realised(stated, matching)

    assert swept == gain
    moved: dict[str, int] = {**positions, f"settle:VISA:{currency}": owed}
    for booking in (settle(file, stated, 0), sweep_gain(file, stated, gain)):
        assert booking is not None
        for (account, _), movement in movements_of(booking.legs).items():
            moved[account] = moved.get(account, 0) + movement.net
    assert moved.pop("nostro:EUR") == paid
    assert moved.pop("inc:fx_gain") == gain
    assert set(moved.values()) == {0}


def test_a_day_of_refunds_is_paid_to_us() -> None:
    refunds = total("USD", 0, 5000, Paid(currency="EUR", amount=4555, rate="0.911"))
    matching = matched("USD", -5000, {"fxpos:EUR/USD": -4562, "fxpos:USD/EUR": 5000})

    assert legs(settle(file_of(refunds), refunds, 0)) == [
        ("D", "fxpos:USD/EUR", "USD", 5000),
        ("C", "settle:VISA:USD", "USD", 5000),
        ("D", "nostro:EUR", "EUR", 4555),
        ("C", "fxpos:EUR/USD", "EUR", 4555),
    ]
    assert realised(refunds, matching) == -7


def test_what_the_scheme_billed_beyond_what_it_settled_is_earned_too() -> None:
    own = total("EUR", 11290)

    assert realised(own, matched("EUR", 11290, {"fxpos:EUR/EUR": 10})) == 10


def test_small_differences_in_our_own_currency_become_a_loss_or_an_income() -> None:
    stated = total("EUR", 4502)

    assert legs(settle(file_of(stated), stated, 2))[2:] == [
        ("D", "inc:settlement_difference", "EUR", 2),
        ("C", "settle:VISA:EUR", "EUR", 2),
    ]


def test_small_differences_in_another_currency_end_in_the_gain() -> None:
    stated = total("USD", 12347, paid=Paid(currency="EUR", amount=11248, rate="0.911"))
    positions = {"fxpos:EUR/USD": 11263, "fxpos:USD/EUR": -12345}
    matching = matched("USD", 12345, positions, there=12347)

    booking = settle(file_of(stated), stated, matching.tolerated("USD"))

    assert booking is not None
    moved = movements_of(booking.legs)
    assert moved["settle:VISA:USD", "USD"] == Movement(debit=12347, credit=2)
    assert moved["fxpos:USD/EUR", "USD"].net == 12345
    assert realised(stated, matching) == 15


def test_what_was_bought_for_others_has_its_own_cost() -> None:
    """Dollars of a dollar account, or of a line that nothing is booked for, stay a position."""
    more = total("USD", 20_000, paid=Paid(currency="EUR", amount=18_220, rate="0.911"))
    positions = {"fxpos:EUR/USD": 11263, "fxpos:USD/EUR": -12345}

    assert realised(more, matched("USD", 12345, positions)) == 17


def test_a_file_that_comes_to_nothing_books_nothing() -> None:
    nothing = total("EUR", 4500, 4500, lines=2)

    assert settle(file_of(nothing), nothing, 0) is None
    assert sweep_gain(file_of(nothing), nothing, 0) is None


def test_the_difference_of_a_break_waits_in_suspense() -> None:
    unknown = SettlementBreak(
        kind="MISSING_HERE", id="LINE#3", currency="EUR", what="line 3", there=700
    )
    forgotten = SettlementBreak(
        kind="MISSING_THERE",
        id="MISSING#msg_a",
        currency="EUR",
        what="booked",
        here=900,
        header_id="J#msg_a",
    )

    taken, kept = repair(file_of(EUROS), unknown), repair(file_of(EUROS), forgotten)

    assert legs(taken) == [
        ("D", "susp:SETTLEMENT_BREAK:EUR", "EUR", 700),
        ("C", "settle:VISA:EUR", "EUR", 700),
    ]
    assert legs(kept) == [
        ("D", "settle:VISA:EUR", "EUR", 900),
        ("C", "susp:SETTLEMENT_BREAK:EUR", "EUR", 900),
    ]
    assert taken is not None
    assert kept is not None
    assert taken.header_id == "J#SETTLE#VISA#2026-11-21#F1#EUR#LINE#3"
    assert (taken.corrects, kept.corrects) == ("J#SETTLE#VISA#2026-11-21#F1#EUR", "J#msg_a")
    assert {each.purpose for each in (taken, kept)} == {"CORRECT"}


def test_the_fingerprint_follows_what_the_file_says_and_not_the_order_of_its_lines() -> None:
    one = Line(n=1, reference=Reference(rrn="1"), amount=1, currency="EUR", direction="DEBIT")
    two = msgspec.structs.replace(one, n=2, amount=2)
    file = file_of(total("EUR", 3, lines=2))

    def fingerprint(*lines: Line) -> str:
        return msgspec.structs.replace(file, lines=lines).fingerprint("EUR")

    assert fingerprint(one, two) == fingerprint(two, one)
    assert fingerprint(one, two) != fingerprint(one)
