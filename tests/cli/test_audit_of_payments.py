"""The audit of payments: each thing that can be wrong with one is found, and named."""

import copy
from typing import Any

import pytest

from adapters.corrections import Instruction
from adapters.items import from_item
from cli.audit.finding import Break
from cli.audit.holds_follow import holds_follow
from cli.audit.payments_are_sound import (
    counters_are_in_bounds,
    counters_are_sums,
    held_is_open_holds,
    life_is_in_the_journal,
    over_clearing_is_flagged,
    what_is_accepted_was_too_much,
)
from domain.acceptance import Acceptance
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original


class Ledger:
    """A hold of 60.00, of which 20.00 are cleared and 5.00 refunded."""

    def __init__(self, accepted: int = 0) -> None:
        """`accepted` is that part of 20.00 too much that somebody has found right."""
        tables = Tables()
        tables.open_account(limit=100_000)
        tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
        part = {"de71": "0001", "de72": "0002"}
        for event in (
            approved("0110", "000001", 6000),
            approved("0220", "000002", 2000, de71=part["de71"], de72=part["de72"]),
            approved("0220", "000003", 500, de3="200000", de90=original("0220", "000002")),
        ):
            tables.poster.post(event)
        if accepted:
            clearing = approved("0220", "000004", 6500)
            tables.poster.post(clearing)
            order = Acceptance(amount=accepted, currency="EUR")
            told = Instruction(by="ann", note="a tip")
            tables.disputes.carry_out(clearing.data.msg_id, order, told)
        rows = [from_item(item) for item in tables.dynamodb.rows("payments")]
        journal = [from_item(item) for item in tables.dynamodb.rows("journal")]
        self.payments = [row for row in rows if row["pk"].startswith("P#")]
        self.balances: list[dict[str, Any]] = [
            from_item(item) for item in tables.dynamodb.rows("balances")
        ]
        self.headers = {row["pk"]: row for row in journal if row["sk"] == "H"}

    def breaks(self) -> list[Break]:
        return [
            *held_is_open_holds(self.balances, self.payments),
            *holds_follow(self.headers.values(), self.balances),
            *life_is_in_the_journal(self.payments, self.headers),
            *counters_are_in_bounds(self.payments),
            *over_clearing_is_flagged(self.payments, self.headers),
            *what_is_accepted_was_too_much(self.headers),
            *counters_are_sums(self.payments),
        ]

    @property
    def payment(self) -> dict[str, Any]:
        (row,) = self.payments
        return row


GOOD = Ledger()


@pytest.fixture
def ledger() -> Ledger:
    return copy.deepcopy(GOOD)


@pytest.fixture
def accepted() -> Ledger:
    return Ledger(accepted=1500)


def numbers(ledger: Ledger) -> set[int]:
    return {each.invariant for each in ledger.breaks()}


def test_what_the_ledger_books_holds(ledger: Ledger) -> None:
    assert ledger.breaks() == []


def test_a_hold_on_a_balance_that_had_moved_is_found(ledger: Ledger) -> None:
    (held,) = [row for row in ledger.headers.values() if row["purpose"] == "HOLD"]
    late = held["hold"] | {"change": 100, "held_after": 100}
    ledger.headers["J#late"] = held | {"pk": "J#late", "hold": late}

    assert [each.what for each in holds_follow(ledger.headers.values(), ledger.balances)] == [
        "what is held does not run on at 0, 100"
    ]


def test_held_money_without_a_hold_is_found(ledger: Ledger) -> None:
    ledger.balances[0]["held"] += 1

    assert numbers(ledger) == {6}


def test_a_message_without_its_header_is_found(ledger: Ledger) -> None:
    del ledger.headers[ledger.payment["taken"][1]["header_id"]]

    assert numbers(ledger) == {6, 8}


def test_a_header_that_the_payment_does_not_know_is_found(ledger: Ledger) -> None:
    ledger.payment["taken"].pop()

    assert 8 in numbers(ledger)


def test_two_bookings_of_one_version_are_found(ledger: Ledger) -> None:
    first, second, _ = (ledger.headers[each["header_id"]] for each in ledger.payment["taken"])
    first["payment"]["version"] = second["payment"]["version"]

    assert numbers(ledger) == {8}


def test_more_back_than_was_cleared_is_found(ledger: Ledger) -> None:
    ledger.payment["refunded"] = 2001

    assert 9 in numbers(ledger)


def test_a_counter_that_its_messages_do_not_make_is_found(ledger: Ledger) -> None:
    ledger.payment["taken"][1]["amount"] += 1

    assert numbers(ledger) == {11}


def test_an_over_clearing_that_no_header_is_flagged_for_is_found(ledger: Ledger) -> None:
    ledger.payment["authorised"] = 1999
    latest = max(ledger.headers.values(), key=lambda header: header["payment"]["version"])
    latest["payment"]["counters"]["authorised"] = 1999

    assert 9 in numbers(ledger)


def test_a_dispute_that_no_order_explains_is_found(ledger: Ledger) -> None:
    ledger.payment["disputed"] = 100
    latest = max(ledger.headers.values(), key=lambda header: header["payment"]["version"])
    latest["payment"]["counters"]["disputed"] = 100

    assert numbers(ledger) == {11}


def test_an_acceptance_is_in_good_order(accepted: Ledger) -> None:
    assert accepted.breaks() == []
    assert accepted.payment["accepted"] == 1500


def test_an_acceptance_that_no_order_explains_is_found(accepted: Ledger) -> None:
    accepted.payment["taken"].pop()

    assert {8, 11} <= numbers(accepted)


def test_more_accepted_than_was_too_much_is_found(accepted: Ledger) -> None:
    (header,) = [each for each in accepted.headers.values() if "#ACCEPT" in each["pk"]]
    header["payment"]["counters"]["accepted"] = 2501

    (found,) = [each for each in accepted.breaks() if each.invariant == 9]
    assert (found.id, found.what) == (header["pk"], "2501 are accepted, and 2000 were too much")


def test_more_in_dispute_than_was_kept_is_found(ledger: Ledger) -> None:
    ledger.payment["disputed"] = 1501

    assert 9 in numbers(ledger)
