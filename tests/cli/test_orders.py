"""What a person types for settle, correct and account, and what is told of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import account, dispute, screen, settle
from cli.correct import amounts_of
from cli.errors import UserError
from cli.legs_view import show_correction
from domain.money import Money
from domain.posting import Posting
from samples.make_settlement import FILE, document, settlement

PARTS = (
    Posting("cust:A-1", "settle:VISA:EUR", Money(4500, "EUR"), "PRINCIPAL"),
    Posting("fxpos:JPY/EUR", "settle:VISA:JPY", Money(15_000, "JPY"), "FX"),
)
LEG = {"n": 1, "account": "cust:A-1", "currency": "EUR", "amount": 150, "code": "FX_FEE"}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=120, emoji=False, highlight=False))
    monkeypatch.setattr(screen, "notes", Console(file=page, width=120, emoji=False))
    return page


# The settlement file


def test_the_sample_is_what_its_maker_writes_and_passes_its_schema() -> None:
    assert FILE.read_text(encoding="utf-8") == document(settlement())
    assert settle.read(FILE)["file_id"] == "VSS-20261121-1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 0}, "line 1, field amount: too small"),
        ({"direction": "OUT"}, "line 1, field direction: not an allowed value"),
        ({"reference": {"acquirer": "476173"}}, "line 1, field reference"),
        ({"card_number": "4111110000001003"}, "line 1: card_number is not known"),
    ],
)
def test_a_fault_is_told_with_line_field_and_remedy_and_books_nothing(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    content = settlement()
    content["lines"][0] |= change
    path = tmp_path / "day.json"
    path.write_text(json.dumps(content))

    with pytest.raises(UserError) as refused:
        settle.read(path)

    assert said in str(refused.value)
    assert "nothing was settled" in str(refused.value)
    assert "4111110000001003" not in str(refused.value)


def test_a_settlement_is_shown_with_its_breaks_and_bookings(shown: io.StringIO) -> None:
    legs = [LEG | {"side": "D"}, LEG | {"side": "C", "account": "nostro:EUR", "n": 2}]
    gone = {"kind": "MISSING_HERE", "what": "line 3: nothing is booked", "header_id": None}
    settle.show(
        {
            "result": "SETTLED",
            "file": "VISA#2026-11-21#F1",
            "matched": 2,
            "kinds": {"MISSING_HERE": 2},
            "breaks": [gone],
            "bookings": [
                {"header_id": "J#SETTLE#1", "result": "BOOKED", "legs": legs, "already": True},
                {"header_id": "", "result": "TOTALS_WRONG", "currency": "USD"},
            ],
            "repairs": [],
            "report": "settlement/VISA/2026-11-21/F1.json",
        }
    )

    page = shown.getvalue()
    assert "2 lines matched, 2 breaks" in page
    assert "... and 1 more: the report has them all" in page
    assert "BOOKED J#SETTLE#1 (it was done before)" in page
    assert "USD: not paid, because the file's totals are wrong" in page


# A correction


def test_amounts_are_read_in_the_currency_of_their_part() -> None:
    assert dict(amounts_of(["PRINCIPAL=46.00", "FX=15000"], PARTS)) == {
        "PRINCIPAL": 4600,
        "FX": 15_000,
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("TIP=1", "there is no part TIP; use PRINCIPAL, FX"),
        ("FX=1.5", "JPY has 0 decimals"),
        ("PRINCIPAL", "digits with an optional decimal point"),
    ],
)
def test_a_change_that_cannot_be_read_is_told_with_its_remedy(change: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        dict(amounts_of([change], PARTS))


def test_a_correction_shows_legs_balances_and_whether_it_waits(shown: io.StringIO) -> None:
    show_correction(
        {
            "result": "WAITS_FOR_APPROVAL",
            "header_id": "J#a#CORRECT",
            "needs_approval": True,
            "legs": [LEG | {"side": "C"}],
            "customer": {
                "account": "cust:A-1",
                "currency": "EUR",
                "before": -11_638,
                "net": 150,
                "after": -11_488,
            },
        }
    )

    page = shown.getvalue()
    assert "a second person approves it with --approve" in page
    assert "cust:A-1 -116.38 EUR by +1.50 EUR to -114.88 EUR" in page


def test_a_refusal_is_told_with_its_name(shown: io.StringIO) -> None:
    show_correction({"result": "REFUSED", "code": "IS_A_HOLD", "message": "a hold moves no money"})

    assert "a hold moves no money (IS_A_HOLD)" in shown.getvalue()


# An account


def test_a_change_of_an_account_is_told_by_its_terms() -> None:
    version = {"version": 7, "status": "HOLD_ALL", "overdraft_limit": 500}
    changed = {"action": "status", "at": "2026-11-20", "by": "ann", "note": "stolen"}
    before = {"status": "OPEN", "overdraft_limit": 500}

    line = account.line_of(version | {"changed": changed | {"before": before}})

    assert line == (7, "2026-11-20", "status: status OPEN -> HOLD_ALL", "ann", "stolen")
    assert account.line_of(version)[2] == "loaded: status HOLD_ALL, overdraft_limit 500"


def test_a_limit_is_read_in_major_units() -> None:
    assert account.minor("500.00", "EUR") == 50_000
    with pytest.raises(UserError, match="JPY has 0 decimals"):
        account.minor("1.5", "JPY")


# Disputes


def test_a_dispute_is_told_with_its_legs_its_payment_and_who_ordered_it(
    shown: io.StringIO,
) -> None:
    dispute.show(
        {
            "result": "OPENED",
            "already": True,
            "header_id": "J#msg_1#DISPUTE#OPEN#150",
            "payment": {"payment_id": "pay_1", "label": "DISPUTED"},
            "decided": {"by": "ann", "at": "2026-11-20T12:00:00.000+00:00"},
            "legs": [LEG | {"side": "C", "code": "DISPUTE"}],
        }
    )

    text = shown.getvalue()
    assert "OPENED J#msg_1#DISPUTE#OPEN#150 (it was done before)" in text
    assert "payment pay_1 DISPUTED" in text
    assert "ordered by ann at 2026-11-20T12:00:00.000+00:00" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("open", "pay_1", "45.001", "EUR"), "AMOUNT 45.001 EUR: EUR has 2 decimals"),
        (("open", "pay_1", "0", "EUR"), "AMOUNT 0: say an amount above zero"),
        (("open", "pay_1", "45", "EURO"), "AMOUNT 45 EURO"),
        (("win", "pay_1", "45", "EUR", "--settled", "10"), "--settled 10"),
    ],
)
def test_an_amount_that_cannot_be_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(dispute, "connect", lambda _context: None)

    result = CliRunner().invoke(dispute.app, [*words, "--reason", "10.4"])

    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
