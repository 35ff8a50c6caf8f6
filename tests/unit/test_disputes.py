"""Disputes at the ledger, case E13: what is credited, decided and counted, to the minor unit."""

from typing import Any

import pytest

from adapters.corrections import Instruction
from adapters.items import from_item
from domain.conversion import FxRate
from domain.correcting import Change
from domain.dispute_order import DisputeOrder
from domain.errors import Refused
from domain.life import Life
from domain.money import Money
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original

CLEARING = approved("0210", "000002", 4500)
SLOT = f"J#{CLEARING.data.msg_id}#DISPUTE"
ANN, BOB = Instruction(by="ann", note="stolen"), Instruction(by="bob", approve=True)
RATE = FxRate("EUR", "USD", "0.912345", "SAMPLE", "2026-11-20T00:00:00Z")


@pytest.fixture
def tables() -> Tables:
    """An account with a limit of 1,000.00, and a purchase of 45.00 that is posted to it."""
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
    tables.poster.post(CLEARING)
    return tables


def order(
    tables: Tables, action: str, amount: int = 4500, told: Instruction = ANN, **more: Any
) -> dict[str, Any]:
    values = {"action": action, "amount": amount, "currency": "EUR", "reason": "10.4", **more}
    given = DisputeOrder(**values)
    return tables.disputes.carry_out(payment_id(tables), given, told)


def refusal(tables: Tables, action: str, amount: int = 4500, **more: Any) -> str:
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}
    with pytest.raises(Refused) as refused:
        order(tables, action, amount, **more)
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before
    return refused.value.code


def life(tables: Tables) -> Life:
    found = tables.payments.get(payment_id(tables))
    assert found is not None
    return found


def payment_id(tables: Tables) -> str:
    rows = [from_item(item) for item in tables.dynamodb.rows("payments")]
    (found,) = {row["payment_id"] for row in rows}
    return str(found)


def legs(tables: Tables, slot: str) -> list[tuple[str, str, int]]:
    header = tables.journal.get(slot)
    assert header is not None
    return [(leg.side, leg.account, leg.amount) for leg in header.posted.legs]


def money(tables: Tables) -> tuple[int, int]:
    """Posted, and what the account lacked."""
    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    assert row.available == row.posted - row.held + row.overdraft_limit
    return row.posted, row.receivable


# --- E13, to the minor unit


def test_e13_an_opened_dispute_credits_the_customer_provisionally(tables: Tables) -> None:
    assert money(tables) == (-4500, 0)

    told = order(tables, "open")

    assert (told["result"], told["header_id"]) == ("OPENED", f"{SLOT}#OPEN#4500")
    assert legs(tables, f"{SLOT}#OPEN#4500") == [
        ("D", "disp:recv", 4500),
        ("C", "cust:A1", 4500),
    ]
    assert money(tables) == (0, 0)
    assert tables.lines()[-1] == ("000000000002", 4500, 0)
    assert life(tables).label == "DISPUTED"


def test_e13_a_won_dispute_is_paid_by_the_scheme(tables: Tables) -> None:
    order(tables, "open")

    assert order(tables, "win")["result"] == "WON"

    assert legs(tables, f"{SLOT}#WIN#4500") == [
        ("D", "settle:VISA:EUR", 4500),
        ("C", "disp:recv", 4500),
    ]
    assert money(tables) == (0, 0)
    assert len(tables.lines()) == 2
    assert life(tables).label == "DISPUTE_WON"


def test_e13_a_lost_dispute_takes_the_credit_back(tables: Tables) -> None:
    order(tables, "open")

    assert order(tables, "lose")["result"] == "LOST"

    assert legs(tables, f"{SLOT}#LOSE#4500") == [
        ("D", "cust:A1", 4500),
        ("C", "disp:recv", 4500),
    ]
    assert money(tables) == (-4500, 0)
    assert tables.lines()[-1] == ("000000000003", -4500, -4500)
    assert life(tables).label == "DISPUTE_LOST"


def test_e13_a_loss_that_is_written_off_is_ours_and_the_customer_keeps_the_credit(
    tables: Tables,
) -> None:
    order(tables, "open")

    order(tables, "lose", write_off=True)

    assert legs(tables, f"{SLOT}#LOSE#4500") == [
        ("D", "loss:disputes", 4500),
        ("C", "disp:recv", 4500),
    ]
    assert money(tables) == (0, 0)
    assert life(tables).state.counters["written_off"] == 4500
    assert refusal(tables, "open", 1) == "OVER_DISPUTED"


def test_e13f_what_is_won_of_a_foreign_purchase_is_paid_through_the_position() -> None:
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 50_000, "USD": 50_000}})
    dollars = approved("0210", "000002", 12345, rate=RATE, de49="840")
    tables.poster.post(dollars)
    order(tables, "open", 11263)
    slot = f"J#{dollars.data.msg_id}#DISPUTE#WIN#11263"

    assert refusal(tables, "win", 11263) == "SETTLED_IN"
    order(tables, "win", 11263, settled=Money(12300, "USD"))

    assert legs(tables, slot) == [
        ("D", "fxpos:EUR/USD", 11263),
        ("C", "disp:recv", 11263),
        ("D", "settle:VISA:USD", 12300),
        ("C", "fxpos:USD/EUR", 12300),
    ]


# --- once, and in parts


def test_the_same_order_twice_is_one_booking(tables: Tables) -> None:
    order(tables, "open")
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    again = order(tables, "open", told=Instruction(by="bob", note="again"))

    assert (again["result"], again["already"], again["decided"]["by"]) == ("OPENED", True, "ann")
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


@pytest.mark.parametrize("identifier", [CLEARING.data.msg_id, f"J#{CLEARING.data.msg_id}"])
def test_a_message_and_a_header_lead_to_their_payment(tables: Tables, identifier: str) -> None:
    order(tables, "open")
    given = DisputeOrder(action="open", amount=4500, currency="EUR", reason="10.4")

    assert tables.disputes.carry_out(identifier, given, ANN)["already"] is True


def test_a_second_dispute_of_another_amount_is_its_own(tables: Tables) -> None:
    order(tables, "open", 2000)
    order(tables, "open", 2500)

    assert life(tables).payment.disputed == 4500
    assert money(tables) == (0, 0)


def test_disputes_of_one_amount_are_told_apart_by_their_case(tables: Tables) -> None:
    order(tables, "open", 2000, case="A")
    order(tables, "open", 2000, case="B")
    order(tables, "win", 2000, case="A")

    assert refusal(tables, "lose", 2000, case="A") == "ALREADY_DECIDED"
    assert refusal(tables, "lose", 2000, case="C") == "NOT_DISPUTED"
    assert order(tables, "lose", 2000, case="B")["result"] == "LOST"
    assert money(tables) == (-2500, 0)


def test_a_part_is_won_and_the_rest_is_lost(tables: Tables) -> None:
    order(tables, "open")
    order(tables, "win", 3000)

    assert refusal(tables, "lose", 1501) == "MORE_THAN_DISPUTED"
    order(tables, "lose", 1500)

    assert money(tables) == (-1500, 0)
    assert refusal(tables, "lose", 1) == "ALREADY_DECIDED"


def test_what_was_lost_may_be_disputed_again_as_another_case(tables: Tables) -> None:
    order(tables, "open")
    order(tables, "lose")

    assert order(tables, "open", case="PRE-ARBITRATION")["result"] == "OPENED"
    assert money(tables) == (0, 0)


def test_two_orders_at_once_dispute_what_is_there_once(tables: Tables) -> None:
    """The second one has looked before the first was booked."""
    inner: list[str] = []

    def meanwhile(*_: Any) -> None:
        if not inner:
            inner.append("begun")
            order(tables, "open", 3000)

    tables.dynamodb.before = meanwhile
    with pytest.raises(Refused) as refused:
        order(tables, "open", 4000)

    assert refused.value.code == "OVER_DISPUTED"
    assert life(tables).payment.disputed == 3000


# --- refused by name


def test_no_more_is_disputed_than_was_cleared_and_not_given_back(tables: Tables) -> None:
    refund = approved("0220", "000003", 700, de3="200000", de90=original("0200", "000002"))
    tables.poster.post(refund)

    assert refusal(tables, "open", 3801) == "OVER_DISPUTED"
    assert order(tables, "open", 3800)["result"] == "OPENED"


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        ("win", {}, "NOT_DISPUTED"),
        ("lose", {}, "NOT_DISPUTED"),
        ("open", {"currency": "USD"}, "CURRENCY_DIFFERS"),
        ("open", {"write_off": True}, "NOT_LOST"),
        ("open", {"settled": Money(1, "USD")}, "NOT_WON"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    tables: Tables, action: str, more: dict[str, Any], code: str
) -> None:
    assert refusal(tables, action, **more) == code


@pytest.mark.parametrize("identifier", ["pay_nobody", "msg_nobody", "J#nothing", "ing_nobody"])
def test_an_unknown_payment_is_refused(tables: Tables, identifier: str) -> None:
    given = DisputeOrder(action="open", amount=1, currency="EUR", reason="10.4")
    with pytest.raises(Refused) as refused:
        tables.disputes.carry_out(identifier, given, ANN)

    assert refused.value.code == "UNKNOWN_PAYMENT"


def test_a_hold_that_was_not_cleared_cannot_be_disputed() -> None:
    tables = Tables()
    tables.open_account(limit=100_000)
    tables.poster.post(approved("0110", "000001", 6000))

    assert refusal(tables, "open") == "NOT_CLEARED"


@pytest.mark.parametrize(
    ("status", "opening", "losing"),
    [
        ("HOLD_DEBIT", None, "ACCOUNT_ON_HOLD"),
        ("HOLD_ALL", "ACCOUNT_ON_HOLD", "ACCOUNT_ON_HOLD"),
        ("CLOSED", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED"),
    ],
)
def test_an_account_takes_the_credit_and_the_debit_that_its_status_allows(
    tables: Tables, status: str, opening: str | None, losing: str
) -> None:
    order(tables, "open", 1000)
    tables.set_status(status)

    if opening:
        assert refusal(tables, "open", 2000) == opening
    else:
        assert order(tables, "open", 2000)["result"] == "OPENED"
    assert refusal(tables, "lose", 1000) == losing
    assert order(tables, "lose", 1000, write_off=True)["result"] == "LOST"


# --- missing funds


@pytest.mark.parametrize(
    ("policy", "after", "flags"),
    [
        ("OVERDRAW", (-4500, 0), ("OVERDRAWN",)),
        ("SPLIT", (0, 4500), ()),
        ("SUSPEND", (-4500, 0), ("OVERDRAWN",)),
    ],
)
def test_a_lost_dispute_follows_the_product_where_the_money_is_missing(
    policy: str, after: tuple[int, int], flags: tuple[str, ...]
) -> None:
    tables = Tables()
    tables.open_account()
    tables.set_rules(CORRECTION_CAP={"caps": {"EUR": 5_000}})
    tables.set_policy(policy)
    tables.poster.post(CLEARING)
    order(tables, "open")

    order(tables, "lose")

    assert money(tables) == after
    header = tables.journal.get(f"{SLOT}#LOSE#4500")
    assert header is not None
    assert header.posted.flags == flags


def test_a_provisional_credit_pays_first_what_the_account_lacked(tables: Tables) -> None:
    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    item = tables.dynamodb.tables["balances"].items
    (key,) = item
    item[key] = item[key] | {"receivable": {"N": "1000"}}

    order(tables, "open")

    assert legs(tables, f"{SLOT}#OPEN#4500") == [
        ("D", "disp:recv", 1000),
        ("C", "recv:overdrawn:A1", 1000),
        ("D", "disp:recv", 3500),
        ("C", "cust:A1", 3500),
    ]
    assert money(tables) == (-1000, 0)


# --- two people


def test_above_the_cap_another_person_agrees_to_this_very_order(tables: Tables) -> None:
    much = approved("0210", "000009", 8000, de37="632410000777")
    tables.poster.post(much)
    given = DisputeOrder(action="open", amount=8000, currency="EUR", reason="10.4")

    def carry_out(told: Instruction, amount: int = 8000) -> str:
        asked = DisputeOrder(action="open", amount=amount, currency="EUR", reason="10.4")
        return str(tables.disputes.carry_out(much.data.msg_id, asked, told)["result"])

    assert carry_out(ANN) == "WAITS_FOR_APPROVAL"
    assert tables.journal.get(f"J#{much.data.msg_id}#DISPUTE#OPEN#8000") is None
    for told, amount, code in (
        (Instruction(by="ann", approve=True), 8000, "SAME_PERSON"),
        (BOB, 7999, "NOT_ASKED"),
    ):
        with pytest.raises(Refused) as refused:
            carry_out(told, amount)
        assert refused.value.code == code
    assert carry_out(BOB) == "OPENED"
    header = tables.journal.get(f"J#{much.data.msg_id}#DISPUTE#OPEN#8000")
    assert header is not None
    assert header.decided is not None
    assert (header.decided["by"], header.decided["approved_by"]) == ("ann", "bob")
    assert header.causation_id.startswith(f"ORDER#J#{much.data.msg_id}#DISPUTE#OPEN#8000#")
    assert tables.disputes.carry_out(much.data.msg_id, given, ANN)["already"] is True


def test_a_dry_run_shows_legs_and_balance_and_writes_nothing(tables: Tables) -> None:
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    told = order(tables, "open", told=Instruction(by="ann", dry_run=True))

    assert (told["result"], told["customer"]["after"]) == ("WOULD_OPEN", 0)
    assert told["payment"]["label"] == "DISPUTED"
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


# --- beside corrections and refunds


def test_what_a_dispute_has_credited_is_not_given_back_by_a_correction_too(tables: Tables) -> None:
    order(tables, "open", 1000)
    with pytest.raises(Refused) as refused:
        tables.corrections.correct(f"J#{CLEARING.data.msg_id}", Change(void=True), ANN)
    assert refused.value.code == "DISPUTED"

    order(tables, "lose", 1000)
    tables.corrections.correct(f"J#{CLEARING.data.msg_id}", Change(void=True), ANN)
    assert money(tables) == (0, 0)


def test_what_a_correction_has_given_back_cannot_be_disputed(tables: Tables) -> None:
    change = Change(amounts={"PRINCIPAL": 1500})
    tables.corrections.correct(f"J#{CLEARING.data.msg_id}", change, ANN)

    assert refusal(tables, "open", 1501) == "OVER_DISPUTED"
    assert order(tables, "open", 1500)["result"] == "OPENED"
    assert money(tables) == (0, 0)


def test_a_dispute_is_decided_and_not_corrected(tables: Tables) -> None:
    order(tables, "open")

    with pytest.raises(Refused) as refused:
        tables.corrections.correct(f"{SLOT}#OPEN#4500", Change(void=True), ANN)

    assert refused.value.code == "IS_A_DISPUTE"


def test_a_refund_of_what_is_in_dispute_waits_until_that_is_decided(tables: Tables) -> None:
    order(tables, "open")
    refund = approved("0220", "000003", 4500, de3="200000", de90=original("0200", "000002"))

    assert tables.poster.post(refund).name == "waits"
    order(tables, "lose")
    assert tables.poster.post(refund).name == "booked"

    assert money(tables) == (0, 0)
    assert life(tables).payment.refunded == 4500
