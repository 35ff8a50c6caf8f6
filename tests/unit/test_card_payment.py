"""Messages of a card payment at the ledger: what is held, posted and counted, case by case."""

import itertools
from datetime import timedelta

import pytest

from adapters.items import from_item, to_item
from domain.events import TransactionPostingApproved
from domain.life import Life
from domain.reference import Pricing
from tests.unit.decided_records import RATE_USD
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original

HOLD = approved("0110", "000001", 6000)
CLEARING = approved("0220", "000002", 4500)
PRICING = Pricing(fx_markup="2.0", fx_fee=150)


@pytest.fixture
def tables() -> Tables:
    tables = Tables()
    tables.open_account(limit=100_000)
    return tables


def post(tables: Tables, *events: TransactionPostingApproved) -> list[str]:
    return [tables.poster.post(event).name for event in events]


def money(tables: Tables) -> tuple[int, int, int]:
    """Posted, held, available without the limit."""
    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    assert row.available == row.posted - row.held + row.overdraft_limit
    return row.posted, row.held, row.available - row.overdraft_limit


def life(tables: Tables) -> Life:
    rows = [from_item(item) for item in tables.dynamodb.rows("payments")]
    (payment_id,) = {row["payment_id"] for row in rows}
    found = tables.payments.get(payment_id)
    assert found is not None
    return found


def legs(tables: Tables, event: TransactionPostingApproved) -> list[tuple[str, str, int, str]]:
    return legs_of_header(tables, f"J#{event.data.msg_id}")


def legs_of_header(tables: Tables, header_id: str) -> list[tuple[str, str, int, str]]:
    header = tables.journal.get(header_id)
    assert header is not None
    return [(leg.side, leg.account, leg.amount, leg.layer) for leg in header.posted.legs]


def refusal(tables: Tables, event: TransactionPostingApproved) -> str:
    """The code of the REJECTED row; the record has no booking."""
    row = tables.parked.get(event.data.ingest_id)
    assert row is not None
    assert (row["state"], row["reason"]) == ("PARKED", "REJECTED")
    assert tables.journal.get(f"J#{event.data.msg_id}") is None
    return str(row["code"])


# --- holds


def test_e0_an_authorisation_is_held_and_neither_posted_nor_counted(tables: Tables) -> None:
    assert post(tables, HOLD) == ["booked"]

    assert money(tables) == (0, 6000, -6000)
    assert tables.headers() == {f"J#{HOLD.data.msg_id}": "HOLD"}
    assert tables.lines() == []
    assert legs(tables, HOLD) == [
        ("D", "cust:A1", 6000, "pending"),
        ("C", "settle:VISA:EUR", 6000, "pending"),
    ]
    assert life(tables).label == "AUTHORISED"


def test_the_header_of_a_hold_says_what_is_held_after_it(tables: Tables) -> None:
    second = approved("0110", "000009", 1500, de37="632410000999")
    post(tables, HOLD, second)

    headers = [tables.journal.get(f"J#{each.data.msg_id}") for each in (HOLD, second)]

    holds = [header.posted.hold for header in headers if header]
    assert [(hold.change, hold.held_after) for hold in holds if hold] == [
        (6000, 6000),
        (1500, 7500),
    ]


def test_a_partial_authorisation_holds_what_was_approved(tables: Tables) -> None:
    post(tables, approved("0110", "000001", 3000, de39="10"))

    assert money(tables) == (0, 3000, -3000)


def test_a_hold_that_is_delivered_again_changes_nothing(tables: Tables) -> None:
    post(tables, HOLD)
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    assert post(tables, HOLD) == ["already_booked"]
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


def test_a_hold_without_the_money_is_refused_by_name(tables: Tables) -> None:
    much = approved("0110", "000001", 100_001)

    assert post(tables, much) == ["refused"]

    assert refusal(tables, much) == "INSUFFICIENT_FUNDS"
    assert money(tables) == (0, 0, 0)
    assert [detail["data"]["decision"]["reason"] for detail in tables.bus.details] == [
        "INSUFFICIENT_FUNDS"
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("HOLD_DEBIT", "ACCOUNT_ON_HOLD"),
        ("HOLD_ALL", "ACCOUNT_ON_HOLD"),
        ("CLOSED", "ACCOUNT_CLOSED"),
    ],
)
def test_a_hold_on_an_account_that_is_not_open_is_refused(
    tables: Tables, status: str, code: str
) -> None:
    tables.set_status(status)

    post(tables, HOLD)

    assert refusal(tables, HOLD) == code


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (approved("0110", "000001", unknown=True), "UNKNOWN_ACCOUNT"),
        (approved("0110", "000001", de49="840"), "NO_RATE"),
        (approved("0110", "000001", hold_hours=None), "NO_HOLD_LIFETIME"),
    ],
)
def test_a_hold_needs_account_rate_and_lifetime(
    tables: Tables, event: TransactionPostingApproved, code: str
) -> None:
    post(tables, event)

    assert refusal(tables, event) == code


def test_what_the_network_promised_in_our_place_is_held_anyway(tables: Tables) -> None:
    tables.set_status("HOLD_ALL")

    post(tables, approved("0120", "000001", 100_001))

    assert money(tables) == (0, 100_001, -100_001)


def test_a_second_authorisation_of_a_payment_is_refused(tables: Tables) -> None:
    second = approved("0120", "000009", 6000)

    post(tables, HOLD, second)

    assert refusal(tables, second) == "ALREADY_AUTHORISED"
    assert money(tables) == (0, 6000, -6000)


# --- clearings


def test_e1_a_final_clearing_posts_its_amount_and_releases_all_that_is_held(tables: Tables) -> None:
    post(tables, HOLD, CLEARING)

    assert money(tables) == (-4500, 0, -4500)
    assert legs(tables, CLEARING) == [
        ("D", "cust:A1", 4500, "posted"),
        ("C", "settle:VISA:EUR", 4500, "posted"),
        ("D", "settle:VISA:EUR", 6000, "pending"),
        ("C", "cust:A1", 6000, "pending"),
    ]
    assert life(tables).label == "CLEARED"
    assert tables.lines() == [("000000000001", -4500, -4500)]


def test_partial_clearings_release_their_own_parts_and_the_last_one_the_rest(
    tables: Tables,
) -> None:
    first = approved("0220", "000002", 2000, de71="0001", de72="0002")
    last = approved("0220", "000003", 1500, de71="0002", de72="0002")

    post(tables, HOLD, first)
    assert money(tables) == (-2000, 4000, -6000)
    assert life(tables).label == "PARTIALLY_CLEARED"

    post(tables, last)
    assert money(tables) == (-3500, 0, -3500)
    assert life(tables).label == "CLEARED"


def test_e11_a_clearing_over_the_hold_is_posted_whole(tables: Tables) -> None:
    post(tables, HOLD, approved("0220", "000002", 7500))

    assert money(tables) == (-7500, 0, -7500)
    assert life(tables).label == "OVER_CLEARED"


def flags(tables: Tables, event: TransactionPostingApproved) -> tuple[str, ...]:
    header = tables.journal.get(f"J#{event.data.msg_id}")
    assert header is not None
    return header.posted.flags


@pytest.mark.parametrize(
    ("mcc", "amount", "expected"),
    [
        ("5812", 6000, ()),
        ("5812", 6001, ("OVER_CLEARED",)),
        ("5812", 7200, ("OVER_CLEARED",)),
        ("5812", 7201, ("OVER_CLEARED", "OVER_TOLERANCE")),
        ("5411", 6300, ("OVER_CLEARED",)),
        ("5411", 6301, ("OVER_CLEARED", "OVER_TOLERANCE")),
    ],
)
def test_how_much_more_than_was_authorised_is_usual_depends_on_the_category(
    tables: Tables, mcc: str, amount: int, expected: tuple[str, ...]
) -> None:
    """20 % in restaurants, 5 % elsewhere: of 60.00 12.00 and 3.00. All of it is booked."""
    tables.set_rules(OVER_CLEARING={"percent": {"DEFAULT": 5, "5812": 20}})
    clearing = approved("0220", "000002", amount, de18=mcc)

    post(tables, HOLD, clearing)

    assert money(tables) == (-amount, 0, -amount)
    assert flags(tables, clearing) == expected


def test_without_a_rule_about_it_nothing_more_is_tolerated(tables: Tables) -> None:
    clearing = approved("0220", "000002", 6001)

    post(tables, HOLD, clearing)

    assert flags(tables, clearing) == ("OVER_CLEARED", "OVER_TOLERANCE")


def test_an_authorisation_that_comes_late_says_what_its_clearing_took_too_much(
    tables: Tables,
) -> None:
    post(tables, approved("0220", "000002", 7500), HOLD)

    assert flags(tables, HOLD) == ("OVER_CLEARED", "OVER_TOLERANCE")


def test_what_was_reversed_of_the_clearing_is_no_excess_any_more(tables: Tables) -> None:
    clearing = approved("0220", "000002", 7500)
    undone = approved("0420", "000003", 1500, de90=original("0200", "000002"))

    post(tables, HOLD, clearing, undone)

    assert life(tables).payment.over_cleared == 0
    assert life(tables).label == "CLEARED"


def test_a_clearing_advice_without_authorisation_is_force_posted(tables: Tables) -> None:
    post(tables, CLEARING)

    assert money(tables) == (-4500, 0, -4500)
    assert life(tables).label == "FORCE_POSTED"


def test_a_single_message_is_cleared_at_once(tables: Tables) -> None:
    post(tables, approved("0210", "000002", 4500))

    assert life(tables).label == "CLEARED"


def test_an_authorisation_after_its_final_clearing_holds_nothing(tables: Tables) -> None:
    post(tables, CLEARING, HOLD)

    assert money(tables) == (-4500, 0, -4500)
    assert life(tables).label == "CLEARED"
    assert legs(tables, HOLD) == []


def test_a_clearing_is_found_by_its_life_cycle_or_by_the_original_that_it_names(
    tables: Tables,
) -> None:
    hold = approved("0110", "000001", 6000, de63="LC0000000000001")
    by_life_cycle = approved("0220", "000002", 1000, de37="000000000009", de63="LC0000000000001")
    by_original = approved("0220", "000003", 500, de37=None, de90=original("0100", "000001"))

    post(tables, hold, by_life_cycle, by_original)

    assert life(tables).payment.cleared == 1500


# --- reversals


def test_e4_a_reversal_of_the_authorisation_releases_the_hold(tables: Tables) -> None:
    reversal = approved("0420", "000003", 6000, de90=original("0100", "000001"))

    post(tables, HOLD, reversal)

    assert money(tables) == (0, 0, 0)
    assert legs(tables, reversal) == [
        ("D", "settle:VISA:EUR", 6000, "pending"),
        ("C", "cust:A1", 6000, "pending"),
    ]
    assert tables.headers()[f"J#{reversal.data.msg_id}"] == "RELEASE"
    assert life(tables).label == "REVERSED"


def test_e4b_a_partial_reversal_leaves_held_what_was_used(tables: Tables) -> None:
    hold = approved("0110", "000001", 3000)
    used = f"{1000:012}{0:012}C00000000C00000000"
    reversal = approved("0420", "000003", 3000, de95=used, de90=original("0100", "000001"))

    post(tables, hold, reversal)

    assert money(tables) == (0, 1000, -1000)
    assert life(tables).label == "PARTIALLY_REVERSED"


def test_e5_a_reversal_of_a_clearing_mirrors_what_was_booked(tables: Tables) -> None:
    clearing = approved("0220", "000002", 12345, rate=RATE_USD, pricing=PRICING, de49="840")
    reversal = approved("0420", "000003", 12345, de90=original("0220", "000002"), de49="840")

    post(tables, clearing)
    assert money(tables) == (-11638, 0, -11638)

    post(tables, reversal)
    assert money(tables) == (0, 0, 0)
    assert tables.headers()[f"J#{reversal.data.msg_id}"] == "REVERSE"
    sides = {(side, name, amount) for side, name, amount, _ in legs(tables, clearing)}
    assert {
        ("D" if side == "C" else "C", name, amount)
        for side, name, amount, _ in legs(tables, reversal)
    } == sides
    assert life(tables).label == "CLEARING_REVERSED"


def test_e5b_partial_reversals_of_a_clearing_add_up_to_the_whole(tables: Tables) -> None:
    clearing = approved("0220", "000002", 12345, rate=RATE_USD, pricing=PRICING, de49="840")
    named = original("0220", "000002")
    used = f"{10000:012}{0:012}C00000000C00000000"
    part = approved("0420", "000003", 12345, de95=used, de90=named, de49="840")
    rest = approved("0420", "000004", 10000, de90=named, de49="840")

    post(tables, clearing, part)
    assert money(tables)[0] == -11638 + 2211

    post(tables, rest)
    assert money(tables) == (0, 0, 0)


def test_a_reversal_without_an_original_is_refused(tables: Tables) -> None:
    reversal = approved("0420", "000003", 6000)

    post(tables, HOLD, reversal)

    assert refusal(tables, reversal) == "NO_ORIGINAL_DATA"


# --- increments and refunds


def test_an_increment_holds_more(tables: Tables) -> None:
    more = approved("0110", "000002", 2000, de90=original("0100", "000001"))
    reversal = approved("0420", "000003", 8000, de90=original("0100", "000001"))

    post(tables, HOLD, more)
    assert money(tables) == (0, 8000, -8000)

    post(tables, reversal)
    assert money(tables) == (0, 0, 0)


def test_e3_a_linked_refund_counts_against_its_purchase(tables: Tables) -> None:
    refund = approved("0220", "000005", 2000, de3="200000", de90=original("0220", "000002"))

    post(tables, CLEARING, refund)

    assert money(tables) == (-2500, 0, -2500)
    assert life(tables).label == "PARTIALLY_REFUNDED"


def test_e3_a_refund_that_names_nothing_is_a_payment_of_its_own(tables: Tables) -> None:
    post(tables, approved("0220", "000005", 2000, de3="200000"))

    assert money(tables) == (2000, 0, 2000)
    assert life(tables).label == "REFUND_UNLINKED"


# --- what comes before the message that it follows


def waiting(tables: Tables, event: TransactionPostingApproved) -> str:
    row = tables.parked.get(event.data.ingest_id)
    assert row is not None
    assert row["reason"] == "PENDING_MATCH"
    return str(row["state"])


def woken(tables: Tables) -> list[str]:
    """What the posting queue was sent, delivered: the outcomes."""
    bodies, tables.queue.bodies = tables.queue.bodies, []
    return [
        tables.poster.post(TransactionPostingApproved.from_envelope(body)).name for body in bodies
    ]


REVERSAL = approved("0420", "000003", 6000, de90=original("0100", "000001"))
REFUND = approved("0220", "000005", 2000, de3="200000", de90=original("0220", "000002"))
INCREMENT = approved("0110", "000004", 2000, de90=original("0100", "000001"))


def test_a_reversal_waits_for_its_authorisation_and_goes_on_with_it(tables: Tables) -> None:
    assert post(tables, REVERSAL) == ["waits"]
    assert waiting(tables, REVERSAL) == "PARKED"
    assert life(tables).label == "PENDING_MATCH"

    post(tables, HOLD)
    assert woken(tables) == ["booked"]

    assert waiting(tables, REVERSAL) == "RESOLVED"
    assert money(tables) == (0, 0, 0)
    assert life(tables).label == "REVERSED"
    assert life(tables).waiting == ()


def test_who_waits_and_is_delivered_again_goes_on_waiting(tables: Tables) -> None:
    post(tables, REVERSAL)
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    assert post(tables, REVERSAL) == ["waits_already"]
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


def test_a_redelivered_authorisation_wakes_again_who_may_have_been_forgotten(
    tables: Tables,
) -> None:
    post(tables, REVERSAL, HOLD)
    tables.queue.bodies = []

    assert post(tables, HOLD) == ["already_booked"]
    assert woken(tables) == ["booked"]


def later(tables: Tables, seconds: int) -> None:
    tables.now += timedelta(seconds=seconds)


def test_a_reversal_that_waited_in_vain_is_refused_by_name_and_told(tables: Tables) -> None:
    post(tables, REVERSAL)
    later(tables, 900)

    assert post(tables, REVERSAL) == ["refused"]

    assert refusal(tables, REVERSAL) == "REVERSED_UNMATCHED"
    assert life(tables).label == "REVERSED_UNMATCHED"
    assert life(tables).waiting == ()
    assert len(tables.bus.details) == 1
    assert post(tables, REVERSAL) == ["refused"]
    assert tables.bus.details[0] == tables.bus.details[1]


def test_a_refund_whose_purchase_never_came_is_posted_unlinked(tables: Tables) -> None:
    assert post(tables, REFUND) == ["waits"]
    later(tables, 900)

    assert post(tables, REFUND) == ["booked"]

    assert money(tables) == (2000, 0, 2000)
    assert life(tables).label == "REFUND_UNLINKED"
    assert waiting(tables, REFUND) == "RESOLVED"


def test_more_is_not_refunded_than_was_cleared(tables: Tables) -> None:
    over = approved("0220", "000006", 3000, de3="200000", de90=original("0220", "000002"))
    post(tables, CLEARING, REFUND)

    assert post(tables, over) == ["waits"]
    later(tables, 900)
    assert post(tables, over) == ["booked"]

    header = tables.journal.get(f"J#{over.data.msg_id}")
    assert header is not None
    assert (header.posted.purpose, header.posted.reason) == ("SUSPEND", "MORE_THAN_ORIGINAL")
    assert money(tables) == (-2500, 0, -2500)
    assert life(tables).waiting == ()


def test_an_increment_that_waited_in_vain_is_refused(tables: Tables) -> None:
    post(tables, INCREMENT)
    later(tables, 900)
    post(tables, INCREMENT)

    assert refusal(tables, INCREMENT) == "INCREMENT_UNMATCHED"


def test_a_clearing_waits_where_the_rules_say_so_and_is_then_force_posted(tables: Tables) -> None:
    tables.dynamodb.put_item(
        TableName="reference",
        Item=to_item({"pk": "RULES#v1", "sk": "MATCH_WAITS", "params": '{"clearing": 60}'}),
    )
    assert post(tables, CLEARING) == ["waits"]
    later(tables, 60)

    assert post(tables, CLEARING) == ["booked"]
    assert life(tables).label == "FORCE_POSTED"


def test_who_was_discarded_waits_no_longer(tables: Tables) -> None:
    post(tables, REVERSAL)
    tables.parked.discard(REVERSAL.data.ingest_id, {"state": "DISCARDED", "by": "somebody"})

    assert post(tables, HOLD, REVERSAL) == ["booked", "outcome_exists"]
    assert money(tables) == (0, 6000, -6000)
    assert life(tables).waiting == ()


ALL = (
    HOLD,
    INCREMENT,
    approved("0220", "000002", 4500, de71="0001", de72="0002"),
    approved("0220", "000007", 1500, de71="0002", de72="0002"),
    REFUND,
)
PERMUTATIONS = list(itertools.permutations(ALL))


@pytest.mark.parametrize("order", PERMUTATIONS[::7])
def test_any_order_ends_in_the_same_payment_balance_and_legs(
    tables: Tables, order: tuple[TransactionPostingApproved, ...]
) -> None:
    for event in order:
        post(tables, event)
        woken(tables)
        post(tables, event)

    assert money(tables) == (-4000, 0, -4000)
    payment = life(tables).payment
    assert (payment.authorised, payment.incremented, payment.cleared) == (6000, 2000, 6000)
    assert (payment.refunded, payment.held) == (2000, 0)
    assert len(tables.headers()) == len(ALL)


def test_a_reversal_of_a_frozen_account_goes_to_suspense(tables: Tables) -> None:
    reversal = approved("0420", "000003", 4500, de90=original("0220", "000002"))
    post(tables, CLEARING)
    tables.set_status("HOLD_ALL")

    post(tables, reversal)

    assert legs(tables, reversal) == [
        ("D", "settle:VISA:EUR", 4500, "posted"),
        ("C", "susp:ACCOUNT_ON_HOLD:EUR", 4500, "posted"),
    ]
    assert life(tables).payment.clearing_reversed == 0
