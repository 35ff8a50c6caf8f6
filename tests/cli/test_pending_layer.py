"""The pending layer: what is held of customers is what the open holds owe the schemes."""

from typing import Any

import pytest

from cli import pending_layer
from cli.explain_view import show
from tests.cli.test_audit_of_payments import GOOD


def test_the_sides_are_equal_and_named_by_scheme() -> None:
    found = pending_layer.pending_layer_of(GOOD.balances, GOOD.payments)

    assert found.is_zero
    assert pending_layer.as_values(found) == {
        "zero": True,
        "customers": {"EUR": 4000},
        "schemes": {"EUR": {"VISA": 4000}},
    }


def test_a_difference_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [row | {"held": row["held"] + 100} for row in GOOD.balances]

    pending_layer.show(pending_layer.pending_layer_of(wrong, GOOD.payments))

    assert "not what the open holds keep" in capsys.readouterr().err


def test_the_story_of_a_hold_names_payment_and_layer(capsys: pytest.CaptureFixture[str]) -> None:
    header = next(each for each in GOOD.headers.values() if each["purpose"] == "HOLD")
    told: dict[str, Any] = {
        "ingest_id": "ing_a",
        "outcome": "POSTED",
        "record": {},
        "amount": None,
        "timings": {},
        "booking": header,
        "balance_now": None,
        "events": [],
    }

    show(told)

    shown = capsys.readouterr().out
    assert "HOLD (pending)" in shown
    assert "held 60.00 EUR more, 60.00 EUR in all" in shown
    assert "AUTHORISED: authorised 60.00" in shown
