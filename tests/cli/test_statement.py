"""`statement` and `balance --at`: what a person sees, and what a program reads."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.items import to_item
from cli import app, screen
from cli import balance as balance_command
from cli import statement as statement_command
from domain.events import Meta, Opening, OpeningRequested, TransactionPostingApproved
from domain.money import Money
from domain.statement import Line, Span, state
from domain.statement_csv import statement_csv
from tests.iso20022 import parsed, texts
from tests.unit.decided_records import RATE_USD, TRAVEL, decided
from tests.unit.ledger_tables import Tables

IBAN = "NL39XPST0000000001"
DAY = ("--from", "2026-11-20", "--to", "2026-11-21")
META = Meta(
    event_id="e-1",
    msg_id="msg_a",
    correlation_id="ing_a",
    causation_id="e-0",
    business_time="2026-11-20T10:11:12Z",
)
HOLDER = {"account_id": "A1", "currency": "EUR", "holder": "A. Holder", "iban": IBAN}


class MemorySystem:
    """The system in memory, as far as the commands ask for it."""

    name = "the system in memory"

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def client(self, service: str) -> Any:
        assert service == "dynamodb"
        return self._tables.dynamodb

    def table(self, kind: str) -> str:
        return kind.lower()


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> Tables:
    """Opening money of 1,000.00 and a purchase of 123.45 USD, booked at noon."""
    made = Tables()
    made.dynamodb.put_item(
        TableName="reference", Item=to_item({"pk": "A#A1", "sk": "CURRENT", **HOLDER})
    )
    made.open_account()
    opening = Opening(account_id="A1", amount=Money(100_000, "EUR"), value_date="2026-11-01")
    made.poster.open(OpeningRequested(meta=META, data=opening))
    record = decided(Money(12_345, "USD"), rate=RATE_USD, pricing=TRAVEL)
    made.poster.post(TransactionPostingApproved(meta=META, data=record))
    for module in (statement_command, balance_command):
        monkeypatch.setattr(module, "connect", lambda _context: MemorySystem(made))
    return made


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=100, emoji=False, highlight=False))
    return page


def test_a_statement_shows_debits_credits_and_the_running_balance(shown: io.StringIO) -> None:
    assert app.run(["statement", "A1", *DAY]) == 0

    told = [" ".join(line.split()) for line in shown.getvalue().splitlines()]
    assert told[0] == "Account A1 in EUR, A. Holder, NL39XPST0000000001"
    assert told[1] == "2026-11-20 to 2026-11-20, booking dates in UTC"
    assert told[3:] == [
        "2026-11-20 Opening balance 0.00",
        "2026-11-20 2026-11-01 Opening balance 1,000.00 1,000.00",
        "2026-11-20 2026-11-20 VISA 00 116.38 883.62",
        "2026-11-20 Closing balance 883.62",
        "1 debit of 116.38 EUR, 1 credit of 1,000.00 EUR",
    ]


def test_a_statement_as_json_is_what_the_api_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["statement", "cust:A1", *DAY, "--format", "json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["account_id"], told["closing_balance"]) == ("A1", 88_362)
    assert [entry["amount"] for entry in told["entries"]] == [100_000, -11_638]


def test_a_statement_as_csv_begins_and_ends_with_a_balance(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["statement", "A1", *DAY, "--format", "csv"]) == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["record"] for row in rows] == ["OPENING", "ENTRY", "ENTRY", "CLOSING"]
    assert [row["balance"] for row in rows] == ["0.00", "1000.00", "883.62", "883.62"]
    assert (rows[2]["debit"], rows[2]["credit"]) == ("116.38", "")


def test_a_statement_as_camt_is_written_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"

    assert app.run(["statement", "A1", *DAY, "--format", "camt.053", "--out", str(file)]) == 0

    root = parsed("camt.053.001.08", file.read_bytes())
    assert texts(root, "Ntry/Amt") == ["1000.00", "116.38"]
    assert texts(root, "Acct/Id/IBAN") == ["NL39XPST0000000001"]
    assert texts(root, "CcyXchg/XchgRate") == ["0.912345"]


def test_a_balance_at_an_instant_is_told_with_its_instant(shown: io.StringIO) -> None:
    assert app.run(["balance", "A1", "--at", "2026-11-20T12:00:00Z"]) == 0

    told = shown.getvalue()
    assert "883.62 EUR" in told
    assert "2026-11-20T12:00:00+00:00, after 2 postings" in told


@pytest.mark.parametrize(
    ("at", "posted"),
    [("2026-11-19", 0), ("2026-11-20", 88_362), ("2026-11-20T11:59:59.999Z", 0)],
)
def test_a_day_stands_for_its_end(at: str, posted: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["balance", "A1", "--at", at, "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["posted"] == posted


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["statement", "A2", *DAY], "nobody knows account A2"),
        (["statement", "A1", "--from", "2026-11-21", "--to", "2026-11-21"], "is not before"),
        (["statement", "A1", "--from", "soon"], "--from soon: write a day"),
        (["statement", "A1", *DAY, "--currency", "usd"], "no balance in USD"),
        (["statement", "A1", *DAY, "--out", "x"], "--out needs a --format"),
        (["balance", "A1", "--at", "soon"], "--at soon: write"),
        (["balance", "A2", "--at", "2026-11-20"], "nobody knows account A2"),
        (["balance", "A1", "USD", "--at", "2026-11-20"], "no balance in USD"),
    ],
)
def test_a_fault_is_said_in_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(words) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("posting: ")
    assert told in line


def test_a_merchant_s_name_is_no_formula() -> None:
    line = Line(
        posting_no=1,
        header_id="J#msg_a",
        amount=-100,
        balance_after=-100,
        purpose="CLEAR",
        value_date="2026-11-20",
        booked_at="2026-11-20T12:00:00.000+00:00",
        narrative='=HYPERLINK("http://example.com")',
    )
    since, until = date(2026, 11, 20), date(2026, 11, 21)
    found = state("cust:A1", "EUR", since, until, Span(1, 1), 0, [line])

    rows = list(csv.DictReader(io.StringIO(statement_csv(found))))

    assert rows[1]["narrative"] == '\'=HYPERLINK("http://example.com")'
