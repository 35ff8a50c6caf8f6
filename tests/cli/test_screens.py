"""What stands on the screen: the facts that a person needs, without what nobody may see."""

import io
from typing import Any

import pytest
from rich.console import Console

from cli import (
    explain_view,
    parked,
    receipts,
    screen,
    status,
    summary,
    trial_balance_view,
)
from cli.api_door import Receipt
from cli.audit import command as audit
from cli.audit.invariants import check
from cli.outcomes import Outcome
from cli.submission import Line
from domain.money import Money
from domain.trial_balance import trial_balance_of
from tests.cli.sample_books import (
    CHANGED,
    PURCHASE,
    PURCHASE_HEADER,
    REPEAT,
    Row,
    books,
    internal_row,
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard output on a terminal of eighty columns."""
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=80, emoji=False, highlight=False))
    monkeypatch.setattr(screen, "notes", Console(file=page, width=80, emoji=False))
    return page


def test_a_refused_message_is_shown_by_its_place_never_by_its_content(shown: io.StringIO) -> None:
    content = b'{"de":{"2":"4761739001010118"}}'
    error = {"element": "DE2", "offset": "$.de.2", "message": "wrong", "remedy": "Send a card."}
    receipt = Receipt(Line("day.jsonl", 7, content, alone=False), "INVALID", errors=(error,))

    receipts.show([receipt], [])

    assert "day.jsonl:7  DE2 at $.de.2: wrong. Send a card." in shown.getvalue()
    assert "4761739001010118" not in shown.getvalue()


def test_outcomes_are_shown_with_counts_and_amounts(shown: io.StringIO) -> None:
    summary.show_outcomes([Outcome("a", "POSTED", "CLEAR", Money(4500, "EUR"))])

    assert "45.00 EUR" in shown.getvalue()
    assert "total" in shown.getvalue()


def test_account_names_are_shown_as_they_are(shown: io.StringIO) -> None:
    rows = [internal_row("settle:ATM:EUR", 100, 0), internal_row("susp:[A]:EUR", 0, 100)]

    trial_balance_view.show(trial_balance_of(rows, []))

    assert "settle:ATM:EUR" in shown.getvalue()
    assert "susp:[A]:EUR" in shown.getvalue()
    assert "Zero in every currency (EUR); nothing left to fold." in shown.getvalue()


def test_a_ledger_out_of_balance_is_said_with_the_next_step(shown: io.StringIO) -> None:
    rows = [internal_row("settle:ATM:EUR", 100, 0)]

    trial_balance_view.show(trial_balance_of(rows, []))

    assert "Not zero: debits exceed credits by EUR 1.00" in shown.getvalue()
    assert "./posting audit" in shown.getvalue()


def test_an_audit_names_the_offending_ids_and_what_to_try(shown: io.StringIO) -> None:
    broken = books()
    broken.announced.pop()
    broken.headers[PURCHASE_HEADER]["legs"][0]["amount"] = 1

    audit.show(broken, check(broken))

    assert f"1  {PURCHASE_HEADER}: posted debits exceed credits by -4499" in shown.getvalue()
    assert "./posting republish" in shown.getvalue()


def test_an_audit_as_json_says_what_may_still_heal() -> None:
    broken = books()
    broken.announced.pop()

    values = audit.as_values(broken, check(broken))

    assert values["holds"] is False
    (last,) = [each for each in values["invariants"] if each["breaks"]]
    assert (last["number"], last["breaks"][0]["may_heal"]) == (13, True)


def story(**more: Any) -> Row:
    told: Row = {
        "ingest_id": PURCHASE,
        "msg_id": "msg_purchase",
        "outcome": "POSTED",
        "record": {"network": "VISA", "mti": "0210", "token": "tok_alice", "last4": "0119"},
        "amount": {"amount": 4500, "currency": "EUR"},
        "timings": {
            "received_at": "2026-11-20T12:00:00.000+00:00",
            "claimed_at": None,
            "booked_at": "2026-11-20T12:00:02.500+00:00",
        },
        "events": [],
        "balance_now": None,
    }
    return told | more


def test_a_booking_is_explained_from_door_to_balance(shown: io.StringIO) -> None:
    heard = {"heard": 2, "first_heard_at": "2026-11-20T12:00:03Z", "decision": None}
    event = {"event_id": "e-1", "detail_type": "TransactionPosted", "expected": True} | heard

    explain_view.show(story(booking=books().headers[PURCHASE_HEADER], events=[event]))

    told = shown.getvalue()
    assert "ends in 0119, token tok_alice" in told
    assert "+2.500 s" in told
    assert "cust:A-1 moved by -45.00 EUR to 55.00 EUR, posting 2" in told
    assert "12:00:03Z 2 times" in told


def test_the_payment_is_explained_with_label_counters_and_who_ordered_what(
    shown: io.StringIO,
) -> None:
    payment = {
        "payment_id": "pay_1",
        "label": "DISPUTED",
        "currency": "EUR",
        "held": 0,
        "due": None,
        "corrected": 150,
        "counters": {"cleared": 4500, "disputed": 2000},
        "bookings": [
            {"kind": "CLEAR", "amount": 4500, "header_id": "J#msg_1"},
            {
                "kind": "DISPUTE",
                "amount": 2000,
                "header_id": "J#msg_1#DISPUTE#OPEN#2000",
                "decided": {"by": "ann", "reason": "10.4"},
            },
        ],
    }

    explain_view.show(story(payment=payment))

    text = " ".join(shown.getvalue().split())
    assert "Payment now pay_1 DISPUTED" in text
    assert "cleared 45.00 EUR disputed 20.00 EUR corrected 1.50 EUR" in text
    assert "DISPUTE 20.00 EUR J#msg_1#DISPUTE#OPEN#2000 by ann reason 10.4" in text


def test_a_conflict_is_explained_field_by_field(shown: io.StringIO) -> None:
    differing = [{"field": "DE4", "original": "000000004500", "this": "000000004600"}]

    explain_view.show(
        story(outcome="CONFLICT", parked=books().parked[CHANGED] | {"differing": differing})
    )

    assert "DE4: original 000000004500, this 000000004600" in shown.getvalue()


def test_parked_records_are_listed_with_their_pointers(shown: io.StringIO) -> None:
    parked._show([books().parked[REPEAT]], 10, as_json=False)

    assert f"{REPEAT}  DUPLICATE  REPEATED" in shown.getvalue()
    assert f"repeats {PURCHASE}" in shown.getvalue()


def test_a_status_that_needs_a_person_says_where_to_look(shown: io.StringIO) -> None:
    queue = {"name": "PostDeadLetters", "dead_letters": True, "waiting": 2, "under_way": 0}
    told = {
        "queues": [queue],
        "pipes": {"InboxPipe": "RUNNING"},
        "doors": [{"name": "api", "state": "OPEN"}, {"name": "files", "state": "PAUSED"}],
        "unfolded_headers": 3,
        "in_flight": {"records": 0, "oldest_received_at": None, "ids": []},
        "needs_attention": [
            "2 letters in PostDeadLetters: docs/runbook.md, then './posting redrive'"
        ],
    }

    status.show(told)

    assert "Fold lag       3 headers" in shown.getvalue()
    assert "Doors          api OPEN, files PAUSED" in shown.getvalue()
    assert "2 letters in PostDeadLetters" in shown.getvalue()
