"""What was cleared beyond the authorisation is accepted by a person: no money moves."""

from typing import Any

import pytest

from adapters.corrections import Instruction
from domain.acceptance import Acceptance
from domain.dispute_order import DisputeOrder
from domain.errors import Refused
from domain.life import Life
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original
from tests.unit.test_disputes import life, money, payment_id

HOLD, CLEARING = approved("0110", "000001", 6000), approved("0220", "000002", 7500)
SLOT = f"J#{CLEARING.data.msg_id}#ACCEPT"
ANN, BOB = Instruction(by="ann", note="a tip"), Instruction(by="bob", note="seen", approve=True)


@pytest.fixture
def tables() -> Tables:
    """60.00 were held, and 75.00 are cleared: 15.00 too much."""
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
    for event in (HOLD, CLEARING):
        tables.poster.post(event)
    return tables


def accept(
    tables: Tables, amount: int = 1500, told: Instruction = ANN, **more: Any
) -> dict[str, Any]:
    given = Acceptance(**{"amount": amount, "currency": "EUR", **more})
    return tables.disputes.carry_out(payment_id(tables), given, told)


def refusal(tables: Tables, amount: int = 1500, told: Instruction = ANN, **more: Any) -> Refused:
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}
    with pytest.raises(Refused) as refused:
        accept(tables, amount, told, **more)
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before
    return refused.value


def excess(tables: Tables) -> int:
    found: Life = life(tables)
    return found.payment.excess


def test_what_is_accepted_is_no_excess_any_more_and_moves_no_money(tables: Tables) -> None:
    before = money(tables), tables.lines()
    assert excess(tables) == 1500

    told = accept(tables)

    assert (told["result"], told["header_id"]) == ("ACCEPTED", f"{SLOT}#1500")
    assert excess(tables) == 0
    assert (money(tables), tables.lines()) == before
    assert (life(tables).label, life(tables).payment.accepted) == ("OVER_CLEARED", 1500)


def test_who_accepted_it_when_and_why_stands_in_its_header(tables: Tables) -> None:
    accept(tables)

    header = tables.journal.get(f"{SLOT}#1500")
    assert header is not None
    assert header.decided == {
        "state": "EXCESS_ACCEPTED",
        "at": header.business_time,
        "by": "ann",
        "note": "a tip",
    }
    assert (header.posted.legs, header.posted.purpose) == ((), "EXCESS_ACCEPTED")
    assert header.posted.payment is not None
    assert header.posted.payment.counters["accepted"] == 1500


def test_the_same_acceptance_twice_is_one(tables: Tables) -> None:
    accept(tables)

    again = accept(tables, told=Instruction(by="bob", note="again"))

    assert (again["result"], again["already"], again["decided"]["by"]) == ("ACCEPTED", True, "ann")
    assert life(tables).payment.accepted == 1500


def test_a_part_may_be_accepted_and_the_rest_be_disputed(tables: Tables) -> None:
    accept(tables, 500)
    assert excess(tables) == 1000

    order = DisputeOrder(action="open", amount=1000, currency="EUR", reason="12.5")
    tables.disputes.carry_out(payment_id(tables), order, ANN)

    assert excess(tables) == 0
    assert refusal(tables, 1).code == "NOTHING_TO_ACCEPT"


def test_what_is_cleared_later_is_an_excess_again(tables: Tables) -> None:
    accept(tables)
    tables.poster.post(approved("0220", "000003", 1500))

    assert excess(tables) == 1500
    # The slot is taken: the person says that this is another one.
    assert accept(tables)["already"] is True
    assert accept(tables, case="B")["header_id"] == f"{SLOT}#B#1500"
    assert excess(tables) == 0


def test_what_is_authorised_after_all_needs_no_acceptance(tables: Tables) -> None:
    tables.poster.post(approved("0120", "000004", 1500, de90=original("0100", "000001")))

    assert refusal(tables).code == "NOTHING_TO_ACCEPT"


def test_more_than_there_is_cannot_be_accepted(tables: Tables) -> None:
    refused = refusal(tables, 1501)

    assert refused.code == "MORE_THAN_EXCESS"
    assert "1500 EUR minor units" in refused.message
    assert refusal(tables, currency="USD").code == "CURRENCY_DIFFERS"
    assert refusal(tables, told=Instruction(by="ann", note=" ")).code == "NO_NOTE"


def test_above_the_cap_a_second_person_agrees(tables: Tables) -> None:
    tables.poster.post(approved("0220", "000003", 4000))

    asked = accept(tables, 5500)
    assert (asked["result"], asked["needs_approval"]) == ("WAITS_FOR_APPROVAL", True)
    assert excess(tables) == 5500
    same = Instruction(by="ann", note="me again", approve=True)
    assert refusal(tables, 5500, told=same).code == "SAME_PERSON"

    done = accept(tables, 5500, told=BOB)

    assert (done["result"], done["decided"]["by"]) == ("ACCEPTED", "ann")
    assert done["decided"]["approved_by"] == "bob"
    assert excess(tables) == 0


def test_a_dry_run_says_what_would_be_accepted_and_changes_nothing(tables: Tables) -> None:
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    told = accept(tables, told=Instruction(by="ann", note="a tip", dry_run=True))

    assert (told["result"], told["payment"]["counters"]["accepted"]) == ("WOULD_ACCEPT", 1500)
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


def test_a_payment_that_was_not_cleared_has_nothing_to_accept() -> None:
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.poster.post(HOLD)

    assert refusal(tables).code == "NOT_CLEARED"


def test_what_was_accepted_in_between_is_seen(tables: Tables) -> None:
    """Two people at once: the second derives again, and finds nothing left."""
    accepted: list[str] = []

    def meanwhile(operation: str) -> None:
        if operation == "TransactWriteItems" and not accepted:
            accepted.append(operation)
            accept(tables, 1400)

    tables.dynamodb.before = meanwhile

    with pytest.raises(Refused, match="MORE_THAN_EXCESS"):
        accept(tables)
    assert life(tables).payment.accepted == 1400
