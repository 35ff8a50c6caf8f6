"""Settlement, corrections and account orders against the deployed system, as a person gives them.

The settlement date lies before all that other tests book: what they owe stays owed.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import app
from tests.engine.live import Stack, eventually, legs
from tests.engine.messages import Message, purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

DAY, DE15 = "2026-10-19", "1019"


def ask(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """The command's JSON."""
    capsys.readouterr()
    assert app.run([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def line(n: int, message: Message, currency: str, amount: int | None = None) -> dict[str, Any]:
    de = message["de"]
    return {
        "n": n,
        "reference": {"acquirer": de["32"], "rrn": de["37"], "stan": de["11"]},
        "amount": amount or int(de["4"]),
        "currency": currency,
        "direction": "DEBIT",
    }


def file_at(path: Path, euros: list[dict[str, Any]], dollars: list[dict[str, Any]]) -> Path:
    """A file of euros, and of dollars that were bought at 0.911."""
    owed = sum(each["amount"] for each in dollars)
    content = {
        "kind": "settlement",
        "schema": "1.0",
        "network": "VISA",
        "settlement_date": DAY,
        "file_id": "ENGINE-1",
        "lines": [*euros, *dollars],
        "totals": [
            {"currency": "EUR", "lines": len(euros), "credits": 0}
            | {"debits": sum(each["amount"] for each in euros)},
            {"currency": "USD", "lines": len(dollars), "credits": 0, "debits": owed}
            | {"paid": {"currency": "EUR", "amount": 11_246, "rate": "0.911"}},
        ],
    }
    path.write_text(json.dumps(content))
    return path


def test_a_file_is_checked_paid_once_and_mended_and_clearing_returns_to_zero(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    holder = stack.holder(product="TRAVEL", opening_money=100_000)
    home = purchase(holder.card_number, 4_500, de15=DE15)
    abroad = purchase(holder.card_number, 12_345, de15=DE15, de49="840", de19="840")
    stack.post(home, abroad)
    path = file_at(tmp_path / "visa.json", [line(1, home, "EUR", 4_600)], [line(2, abroad, "USD")])
    words = ("settle", str(path), "--booked-since", began, "--by", "ann", "--note", "a test")
    before = stack.header_ids()

    dry = ask(capsys, *words, "--repair", "--dry-run", status=1)

    assert dry["kinds"] == {"AMOUNT_DIFFERS": 1}
    assert stack.header_ids() == before

    paid = ask(capsys, *words, "--repair", status=1)
    again = ask(capsys, *words, "--repair", status=1)

    prefix = f"J#SETTLE#VISA#{DAY}#ENGINE-1"
    assert stack.header_ids() - before == {
        f"{prefix}#EUR",
        f"{prefix}#USD",
        f"{prefix}#USD#FXGAIN",
        f"{prefix}#EUR#LINE#1",
    }
    assert all(each["already"] for each in [*again["bookings"], *again["repairs"]])
    assert legs(stack.header(f"{prefix}#USD#FXGAIN")) == [
        ("D", "fxpos:EUR/USD", "EUR", 17),
        ("C", "inc:fx_gain", "EUR", 17),
    ]
    eventually(lambda: stack.balance("inc:fx_gain").get("posted_c") == 17)
    stored = stack.client("s3").get_object(
        Bucket=stack.system.output("AuditBucketName"), Key=paid["report"]
    )
    assert json.loads(stored["Body"].read())["kinds"] == {"AMOUNT_DIFFERS": 1}


def test_a_fee_is_waived_by_one_person_and_a_large_one_by_two(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder(product="CLASSIC", opening_money=100_000)
    (booked,) = stack.post(purchase(holder.card_number, 12_345, de49="840", de19="840"))
    header_id = booked.header_id or ""
    words = ("correct", header_id, "--set", "FX_FEE=0", "--note", "waived", "--by", "ann")

    dry = ask(capsys, *words, "--dry-run")
    done = ask(capsys, *words)

    assert (dry["result"], dry["customer"]["net"]) == ("WOULD_CORRECT", 150)
    assert (done["result"], done["customer"]["after"]) == ("CORRECTED", dry["customer"]["after"])
    (row,) = ask(capsys, "balance", holder.account_id)
    assert row["statement"][0]["purpose"] == "CORRECT"

    dear = ("correct", f"{header_id}#CORRECT", "--set", "FX_MARKUP=300.00", "--note", "a test")
    assert ask(capsys, *dear, "--by", "ann")["result"] == "WAITS_FOR_APPROVAL"
    approve = ("correct", f"{header_id}#CORRECT", "--approve", "--note", "seen")
    assert ask(capsys, *approve, "--by", "ann", status=1)["code"] == "SAME_PERSON"
    assert ask(capsys, *approve, "--by", "bob")["result"] == "CORRECTED"


def test_an_account_is_opened_blocked_and_closed_with_its_history(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    account = f"N-{holder.account_id.removeprefix('T-')}"
    why = ("--note", "a test", "--by", "ann")

    opened = ("account", "open", account, "--currency", "EUR", "--product", "CLASSIC", *why)
    assert ask(capsys, *opened)["result"] == "OPENED"
    assert ask(capsys, "account", "limit", account, "500.00", *why)["result"] == "CHANGED"
    assert ask(capsys, "account", "status", account, "HOLD_ALL", *why)["result"] == "CHANGED"
    assert ask(capsys, "account", "close", account, *why)["result"] == "CLOSED"

    shown = ask(capsys, "account", "show", account)
    actions = [each["changed"]["action"] for each in shown["history"]]
    assert actions == ["close", "status", "limit", "open"]
    assert (shown["balance"]["status"], shown["balance"]["available"]) == ("CLOSED", 50_000)


def test_an_account_with_money_stays_open(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    holder = stack.holder(opening_money=700)
    eventually(lambda: stack.balance(holder.account).get("posted_c") == 700)

    refused = ask(capsys, "account", "close", holder.account_id, "--note", "a test", status=1)

    assert refused["code"] == "BALANCE_NOT_ZERO"
