"""Disputes on the whole system, by the command that a person types: case E13 to the minor unit."""

import json
from typing import Any

import pytest

from cli import app
from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import purchase

DISPUTED = ("DISPUTE_OPENED", "DISPUTE_WON")
pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]


def ask(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """The command's JSON."""
    capsys.readouterr()
    assert app.run([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def posted(stack: Stack, holder: Holder) -> int:
    row = stack.balance(holder.account)
    return int(row["posted_c"] - row["posted_d"])


def legs(told: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(leg["side"], leg["account"], leg["amount"]) for leg in told["legs"]]


def heard(story: dict[str, Any]) -> set[str]:
    """Purposes of the bookings whose events the audit trail has."""
    return {each["purpose"] for each in story["events"] if each["heard"] and "purpose" in each}


def test_what_was_cleared_beyond_the_authorisation_is_accepted_by_the_command(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder(opening_money=10_000)
    eventually(lambda: posted(stack, holder) == 10_000)
    hold = purchase(holder.card_number, 4500, mti="0110")
    (held,) = stack.post(hold)
    # The trace number and the time of the clearing are its own, the reference is the purchase's.
    (cleared,) = stack.post(purchase(holder.card_number, 9500, mti="0220", de37=hold["de"]["37"]))
    payment = ask(capsys, "explain", str(held.header_id), "--no-events")["payment"]
    assert (payment["label"], payment["counters"]["cleared"]) == ("OVER_CLEARED", 9500)
    words = ("excess", "accept", str(cleared.header_id), "50.00", "EUR", "--by", "ann")
    note = ("--note", "a tip")

    assert ask(capsys, *words, status=1)["code"] == "NO_NOTE"
    assert ask(capsys, *words, *note, "--dry-run")["result"] == "WOULD_ACCEPT"
    (listed,) = [
        row for row in ask(capsys, "excess", "list") if row["payment_id"] == payment["payment_id"]
    ]
    assert (listed["left"], listed["accepted"]) == (5000, 0)

    assert ask(capsys, *words, *note)["result"] == "ACCEPTED"

    assert ask(capsys, *words, *note)["already"] is True
    (listed,) = [
        row for row in ask(capsys, "excess", "list") if row["payment_id"] == payment["payment_id"]
    ]
    assert (listed["left"], listed["accepted"]) == (0, 5000)
    assert (listed["acceptances"][0]["by"], listed["acceptances"][0]["note"]) == ("ann", "a tip")
    assert posted(stack, holder) == 500


def test_e13_a_dispute_is_opened_once_and_won_by_the_command(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    (bought,) = stack.post(purchase(holder.card_number, 4500))
    msg_id = str(bought.header_id).removeprefix("J#")
    assert posted(stack, holder) == -4500
    words = ("dispute", "open", msg_id, "45.00", "EUR", "--reason", "10.4", "--by", "ann")

    foreseen = ask(capsys, *words, "--dry-run")
    assert foreseen["result"] == "WOULD_OPEN"
    assert posted(stack, holder) == -4500
    opened = ask(capsys, *words)

    assert (opened["result"], opened["payment"]["label"]) == ("OPENED", "DISPUTED")
    assert legs(opened) == [("D", "disp:recv", 4500), ("C", holder.account, 4500)]
    assert posted(stack, holder) == 0
    assert ask(capsys, *words)["already"] is True
    said = stack.ear.first(detail_type="TransactionPosted", header_id=opened["header_id"])
    assert said["detail"]["data"]["purpose"] == "DISPUTE_OPENED"

    won = ask(capsys, "dispute", "win", msg_id, "45", "--reason", "10.4", "--by", "ann")

    assert legs(won) == [("D", "settle:VISA:EUR", 4500), ("C", "disp:recv", 4500)]
    assert posted(stack, holder) == 0
    story = ask(capsys, "explain", msg_id, "--no-events")
    assert story["payment"]["label"] == "DISPUTE_WON"
    assert story["payment"]["counters"] == {
        "cleared": 4500,
        "disputed": 4500,
        "dispute_won": 4500,
    }
    assert [each["purpose"] for each in story["disputes"]] == ["DISPUTE_OPENED", "DISPUTE_WON"]
    eventually(lambda: heard(ask(capsys, "explain", msg_id)) >= {"CLEAR", *DISPUTED})


def test_e13_a_lost_dispute_takes_the_credit_back_or_is_ours(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    (bought,) = stack.post(purchase(holder.card_number, 4500))
    header_id = str(bought.header_id)
    given = ("--reason", "10.4", "--by", "ann")
    ask(capsys, "dispute", "open", header_id, "45.00", *given)

    lost = ask(capsys, "dispute", "lose", header_id, "30.00", *given)
    borne = ask(capsys, "dispute", "lose", header_id, "15.00", "--write-off", *given)

    assert legs(lost) == [("D", holder.account, 3000), ("C", "disp:recv", 3000)]
    assert legs(borne) == [("D", "loss:disputes", 1500), ("C", "disp:recv", 1500)]
    assert posted(stack, holder) == -3000
    refused = ask(capsys, "dispute", "win", header_id, "45.00", *given, status=1)
    assert refused["code"] == "ALREADY_DECIDED"
    refused = ask(capsys, "dispute", "open", header_id, "30.01", *given, status=1)
    assert refused["code"] == "OVER_DISPUTED"


def test_above_the_cap_a_second_person_repeats_the_order(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    (bought,) = stack.post(purchase(holder.card_number, 20_001))
    words = ("dispute", "open", str(bought.header_id), "200.01", "--reason", "4837")

    asked = ask(capsys, *words, "--by", "ann")
    assert asked["result"] == "WAITS_FOR_APPROVAL"
    waiting = ask(capsys, "correct", "--waiting")
    assert asked["header_id"] in [each["slot"] for each in waiting]
    assert posted(stack, holder) == -20_001

    assert ask(capsys, *words, "--by", "bob", "--approve")["result"] == "OPENED"
    eventually(lambda: posted(stack, holder) == 0)
