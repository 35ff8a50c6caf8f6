"""Lines of a settlement file find what was booked for them; whatever does not fit has a name."""

from typing import Any

import pytest

from domain.booking import Booking, posted_of
from domain.errors import Refused
from domain.events import Posted
from domain.money import Money
from domain.posting import Posting, legs_of
from domain.settlement_file import (
    Line,
    Reference,
    SettlementFile,
    Total,
    contradictions,
    read_file,
)
from domain.settlement_matching import Presentment, match, presentments_of
from tests.unit.ledger_tables import NOON

DAY = "2026-11-21"


def line(n: int, rrn: str, amount: int, *, stan: str | None = None, credit: bool = False) -> Line:
    return Line(
        n=n,
        reference=Reference(acquirer="400001", rrn=rrn, stan=stan),
        amount=amount,
        currency="EUR",
        direction="CREDIT" if credit else "DEBIT",
    )


def file_of(*lines: Line, **more: Any) -> SettlementFile:
    debits = sum(each.amount for each in lines if each.direction == "DEBIT")
    credits = sum(each.amount for each in lines if each.direction == "CREDIT")
    total = Total(currency="EUR", lines=len(lines), debits=debits, credits=credits)
    given: Any = {"lines": lines, "totals": (total,)} | more
    return SettlementFile(network="VISA", settlement_date=DAY, file_id="F1", **given)


def booked(name: str, rrn: str, owed: int, *, stan: str = "000001", day: str = DAY) -> Presentment:
    return Presentment(
        header_id=f"J#{name}",
        reference=Reference(acquirer="400001", rrn=rrn, stan=stan, life_cycle_id=f"lc-{rrn}"),
        currency="EUR",
        owed=owed,
        value_date=day,
    )


def kinds(
    file: SettlementFile,
    *presentments: Presentment,
    tolerance: int = 0,
    settled: dict[str, str] | None = None,
) -> list[tuple[str, int, int]]:
    """Each break's kind, and both amounts."""
    found = match(file, presentments, settled or {}, tolerance)
    return [(each.kind, each.there, each.here) for each in found.breaks]


def test_each_line_takes_the_presentment_of_its_reference() -> None:
    purchase, refund = booked("a", "1", 4500), booked("b", "2", -2000)
    file = file_of(line(1, "2", 2000, credit=True), line(2, "1", 4500))

    found = match(file, [purchase, refund], {}, 0)

    assert found.breaks == ()
    assert {pair.line.n: pair.presentment.header_id for pair in found.pairs} == {1: "J#b", 2: "J#a"}


def test_a_line_may_name_its_presentment_by_the_life_cycle_alone() -> None:
    by_life_cycle = Line(
        n=1,
        reference=Reference(life_cycle_id="lc-1"),
        amount=4500,
        currency="EUR",
        direction="DEBIT",
    )

    assert kinds(file_of(by_life_cycle), booked("a", "1", 4500)) == []


def test_partial_clearings_of_one_purchase_are_told_apart_by_their_trace_number() -> None:
    first, second = booked("a", "1", 4500, stan="000001"), booked("b", "1", 700, stan="000002")
    file = file_of(line(1, "1", 700, stan="000002"), line(2, "1", 4500, stan="000001"))

    assert kinds(file, first, second) == []


def test_without_a_trace_number_the_amount_decides() -> None:
    first, second = booked("a", "1", 4500), booked("b", "1", 700, stan="000002")

    assert kinds(file_of(line(1, "1", 700)), first, second) == [("MISSING_THERE", 0, 4500)]


def test_a_line_that_nothing_is_booked_for_is_missing_here() -> None:
    assert kinds(file_of(line(1, "1", 4500))) == [("MISSING_HERE", 4500, 0)]


def test_a_credit_is_not_taken_for_the_debit_of_the_same_reference() -> None:
    file = file_of(line(1, "1", 4500, credit=True))

    assert kinds(file, booked("a", "1", 4500)) == [
        ("MISSING_HERE", -4500, 0),
        ("MISSING_THERE", 0, 4500),
    ]


def test_what_is_booked_for_the_day_and_in_no_line_is_missing_there() -> None:
    assert kinds(file_of(), booked("a", "1", 4500)) == [("MISSING_THERE", 0, 4500)]


def test_what_is_booked_for_another_day_is_not_missed_and_may_be_settled() -> None:
    yesterday = booked("a", "1", 4500, day="2026-11-20")

    assert kinds(file_of(), yesterday) == []
    assert kinds(file_of(line(1, "1", 4500)), yesterday) == []


def test_an_amount_may_differ_by_the_tolerance_and_not_by_more() -> None:
    file, purchase = file_of(line(1, "1", 4502)), booked("a", "1", 4500)

    assert kinds(file, purchase, tolerance=2) == []
    assert match(file, [purchase], {}, 2).tolerated("EUR") == 2
    assert kinds(file, purchase, tolerance=1) == [("AMOUNT_DIFFERS", 4502, 4500)]
    assert match(file, [purchase], {}, 1).tolerated("EUR") == 0


def test_a_line_that_repeats_another_one_is_a_duplicate() -> None:
    file = file_of(line(1, "1", 4500), line(2, "1", 4500))

    assert kinds(file, booked("a", "1", 4500)) == [("DUPLICATE_LINE", 4500, 0)]


def test_two_lines_of_one_reference_take_two_bookings_of_it() -> None:
    """A repeat that was released as a transaction of its own."""
    file = file_of(line(1, "1", 4500), line(2, "1", 4500))

    assert kinds(file, booked("a", "1", 4500), booked("b", "1", 4500)) == []


def test_two_lines_for_one_presentment_are_duplicates_however_they_name_it() -> None:
    file = file_of(line(1, "1", 4500), line(2, "1", 4500, stan="000001"))

    assert kinds(file, booked("a", "1", 4500)) == [("DUPLICATE_LINE", 4500, 0)]


def test_a_line_that_another_file_has_paid_is_a_duplicate() -> None:
    file, purchase = file_of(line(1, "1", 4500)), booked("a", "1", 4500)

    (found,) = match(file, [purchase], {"J#a": "F0"}, 0).breaks

    assert found.kind == "DUPLICATE_LINE"
    assert "file F0" in found.what


def test_what_another_file_has_paid_is_not_missed() -> None:
    assert kinds(file_of(), booked("a", "1", 4500), settled={"J#a": "F0"}) == []


@pytest.mark.parametrize(
    ("totals", "says"),
    [
        ((), "it has lines, and no total"),
        ((Total(currency="EUR", lines=2, debits=4500, credits=0),), "lines: "),
        ((Total(currency="EUR", lines=1, debits=4501, credits=0),), "debits: "),
        ((Total(currency="EUR", lines=1, debits=4500, credits=1),), "credits: "),
    ],
)
def test_totals_that_the_lines_do_not_come_to_are_found(
    totals: tuple[Total, ...], says: str
) -> None:
    file = file_of(line(1, "1", 4500), totals=totals)

    assert [what.startswith(says) for _, what in contradictions(file)] == [True]
    assert kinds(file, booked("a", "1", 4500)) == [("TOTALS_WRONG", 0, 0)]


def test_an_amount_paid_that_is_not_at_the_stated_rate_is_found() -> None:
    values = {
        "network": "VISA",
        "settlement_date": DAY,
        "file_id": "F1",
        "lines": [],
        "totals": [
            {
                "currency": "USD",
                "lines": 0,
                "debits": 0,
                "credits": 0,
                "paid": {"currency": "EUR", "amount": 1, "rate": "0.911"},
            }
        ],
    }

    assert list(contradictions(read_file(values))) == [
        ("USD", "paid at 0.911: the file says 1, its lines come to 0")
    ]


@pytest.mark.parametrize(
    "fault",
    [{"settlement_date": "tomorrow"}, {"file_id": "a#b"}, {"totals": [{"currency": "EUR"}]}],
)
def test_what_is_no_settlement_file_is_refused(fault: dict[str, Any]) -> None:
    values: dict[str, Any] = {"network": "VISA", "settlement_date": DAY, "file_id": "F1"}

    with pytest.raises(Refused, match="NOT_A_SETTLEMENT_FILE"):
        read_file(values | {"lines": [], "totals": []} | fault)


# --- what counts as a presentment


def header(header_id: str, ingest_id: str, *postings: Posting) -> Posted:
    booking = Booking(
        header_id=header_id,
        purpose="CLEAR",
        msg_id="msg",
        ingest_id=ingest_id,
        fingerprint="f",
        legs=legs_of(postings),
        value_date=DAY,
        causation_id="c",
        business_time="2026-11-20T10:11:12Z",
    )
    return posted_of(booking, None, NOON)


def owed(amount: int, network: str = "VISA") -> Posting:
    return Posting("cust:A1", f"settle:{network}:EUR", Money(amount, "EUR"), "PRINCIPAL")


def test_a_correction_counts_with_what_it_corrects() -> None:
    wrong = header("J#msg", "ing", owed(4500))
    undone = Posting("settle:VISA:EUR", "cust:A1", Money(4500, "EUR"), "PRINCIPAL")
    right = header("J#msg#CORRECT", "ing", undone, owed(4600))

    (found,) = presentments_of([right, wrong], {"ing": Reference(rrn="1")}, "VISA")

    assert (found.header_id, found.owed) == ("J#msg", 4600)


def test_what_owes_nothing_is_no_presentment() -> None:
    """Another network's booking, a booking for no record, a voided booking."""
    known = {"ing": Reference(rrn="1")}
    undone = Posting("settle:VISA:EUR", "cust:A1", Money(4500, "EUR"), "PRINCIPAL")

    assert presentments_of([header("J#a", "ing", owed(1, "MASTERCARD"))], known, "VISA") == []
    assert presentments_of([header("J#SETTLE", "J#SETTLE", owed(1))], known, "VISA") == []
    voided = [header("J#a", "ing", owed(4500)), header("J#a#CORRECT", "ing", undone)]
    assert presentments_of(voided, known, "VISA") == []
