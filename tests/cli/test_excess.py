"""`excess`: what is too much, what was accepted by whom, and what a person types for it."""

import io
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from adapters.corrections import Instruction
from cli import dispute, excess, screen
from cli.errors import UserError
from domain.acceptance import Acceptance
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved
from tests.unit.test_disputes import life, payment_id


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=120, emoji=False, highlight=False))
    return page


@pytest.fixture
def tables() -> Tables:
    """75.00 are cleared of 60.00."""
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
    for event in (approved("0110", "000001", 6000), approved("0220", "000002", 7500)):
        tables.poster.post(event)
    return tables


def rows(tables: Tables) -> list[dict[str, Any]]:
    taken = [each.header_id for each in life(tables).taken]
    return excess.excesses_of([life(tables)], tables.journal.get_many(taken))


def accepted(tables: Tables, amount: int) -> None:
    order = Acceptance(amount=amount, currency="EUR")
    tables.disputes.carry_out(payment_id(tables), order, Instruction(by="ann", note="a tip"))


def test_what_is_too_much_is_listed_until_it_is_accepted(tables: Tables) -> None:
    (row,) = rows(tables)
    assert (row["cleared"], row["left"], row["accepted"]) == (7500, 1500, 0)

    accepted(tables, 1500)

    (row,) = rows(tables)
    assert (row["left"], row["accepted"]) == (0, 1500)
    assert row["acceptances"][0]["header_id"].endswith("#ACCEPT#1500")


def test_who_accepted_it_when_and_why_stays_visible(tables: Tables, shown: io.StringIO) -> None:
    accepted(tables, 1000)

    excess.show(rows(tables))

    text = " ".join(shown.getvalue().split())
    assert "75.00 EUR 5.00 EUR 10.00 EUR" in text
    assert f"{payment_id(tables)} accepted by ann at 2026-11-20T12:00:00.000+00:00: a tip" in text


def test_what_is_tolerated_is_not_listed(tables: Tables) -> None:
    tolerant = Tables()
    tolerant.open_account(limit=100_000)
    tolerant.set_rules(OVER_CLEARING={"percent": {"DEFAULT": 50}})
    for event in (approved("0110", "000001", 6000), approved("0220", "000002", 7500)):
        tolerant.poster.post(event)

    assert rows(tolerant) == []


def test_an_acceptance_is_told_without_legs_and_with_its_payment(shown: io.StringIO) -> None:
    dispute.show(
        {
            "result": "ACCEPTED",
            "header_id": "J#msg_1#ACCEPT#1500",
            "payment": {"payment_id": "pay_1", "label": "OVER_CLEARED"},
            "legs": [],
        }
    )

    assert [line.strip() for line in shown.getvalue().splitlines()] == [
        "ACCEPTED J#msg_1#ACCEPT#1500",
        "payment pay_1 OVER_CLEARED",
    ]


def test_an_order_goes_to_the_function_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[dict[str, Any]] = []

    def invoke(_system: Any, function: str, order: dict[str, Any]) -> dict[str, Any]:
        orders.append(order | {"function": function})
        return {"result": "WOULD_ACCEPT", "header_id": "J#a#ACCEPT#B#1500", "legs": []}

    monkeypatch.setattr(dispute, "connect", lambda _context: None)
    monkeypatch.setattr(dispute, "invoke", invoke)
    said = ["--case", "B", "--note", "tip", "--by", "ann", "--dry-run"]

    result = CliRunner().invoke(excess.app, ["accept", "pay_1", "15.00", "eur", *said])

    assert result.exit_code == 0

    assert orders == [
        {
            "function": "Dispute",
            "action": "accept",
            "id": "pay_1",
            "amount": 1500,
            "currency": "EUR",
            "case": "B",
            "by": "ann",
            "note": "tip",
            "approve": False,
            "dry_run": True,
        }
    ]


def test_an_amount_that_cannot_be_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispute, "connect", lambda _context: None)

    result = CliRunner().invoke(excess.app, ["accept", "pay_1", "0", "EUR"])

    assert isinstance(result.exception, UserError)
    assert "say an amount above zero" in str(result.exception)
