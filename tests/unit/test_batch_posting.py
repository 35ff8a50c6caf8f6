"""Several records of a hot account in one transaction: booked as each would be by itself."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.items import from_item
from adapters.parked_row import REJECTED, ParkedRow
from domain.errors import Contradiction, Unavailable
from domain.events import TransactionPostingApproved
from domain.reference import FundsPolicy, Pricing
from tests.fakes.runtime import Crash, crash_in
from tests.unit.decided_records import RATE_USD
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original

_BOOKS = ("journal", "balances", "payments", "parked")


def purchase(number: int, amount: int = 1000, **more: Any) -> TransactionPostingApproved:
    """Each of a payment of its own."""
    return approved("0210", f"{number:06}", amount, de37=f"6324{number:08}", **more)


TEN = [purchase(n, 100 * n) for n in range(1, 11)]


@pytest.fixture
def tables() -> Tables:
    return opened()


def opened(limit: int = 1_000_000) -> Tables:
    tables = Tables()
    tables.open_account(limit=limit)
    return tables


def together(tables: Tables, events: Sequence[TransactionPostingApproved]) -> list[str]:
    return [result.name for result in tables.batch.post(events)]


def singly(tables: Tables, events: Sequence[TransactionPostingApproved]) -> list[str]:
    return [tables.poster.post(event).name for event in events]


def books(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """All rows of the ledger."""
    return {
        name: sorted(
            (from_item(item) for item in tables.dynamodb.rows(name)), key=lambda row: str(row)
        )
        for name in _BOOKS
    }


def transactions(tables: Tables) -> list[None]:
    """Grows with each transaction that is tried from now on."""
    tried: list[None] = []

    def count(operation: str) -> None:
        if operation == "TransactWriteItems":
            tried.append(None)

    tables.dynamodb.before = count
    return tried


def discard(tables: Tables, event: TransactionPostingApproved) -> None:
    """The record has an outcome that forbids a booking."""
    tables.parked.put(
        ParkedRow(
            ingest_id=event.data.ingest_id,
            reason=REJECTED,
            code="DECLINED",
            message="no",
            parked_at="t",
        )
    )


# --- one transaction


def test_ten_purchases_are_one_transaction_with_their_lines_and_running_balances(
    tables: Tables,
) -> None:
    tried = transactions(tables)

    assert together(tables, TEN) == ["booked"] * 10

    assert len(tried) == 1
    balance, lines = 0, []
    for n in range(1, 11):
        balance -= 100 * n
        lines.append((f"{n:012}", -100 * n, balance))
    assert tables.lines() == lines
    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    assert (row.posted, row.posting_no, row.version) == (-5500, 10, 11)


def test_one_record_alone_is_posted_as_ever(tables: Tables) -> None:
    assert together(tables, TEN[:1]) == ["booked"]
    assert tables.balance() == -100


def test_the_messages_of_one_payment_are_netted_into_one_write_of_its_row(tables: Tables) -> None:
    hold = approved("0110", "000001", 6000)
    parts = [
        approved("0220", "000002", 1500, de71="0001", de72="0003"),
        approved("0220", "000003", 1500, de71="0002", de72="0003"),
    ]
    undone = approved("0420", "000004", 1500, de90=original("0220", "000002"))
    other = opened()
    singly(other, [hold, *parts, undone])
    tried = transactions(tables)

    together(tables, [hold, *parts, undone])

    assert len(tried) == 1
    assert books(tables) == books(other)


def test_money_that_a_batch_holds_must_be_there_when_it_is_written(tables: Tables) -> None:
    tables = opened(limit=5000)
    hold = approved("0110", "000001", 4000)
    too_much = approved("0110", "000002", 2000, de37="632410000999")

    assert together(tables, [purchase(7, 500), hold, too_much]) == ["booked", "booked", "refused"]

    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    assert (row.posted, row.held, row.available) == (-500, 4000, 500)


def test_a_batch_never_has_more_actions_than_a_transaction_takes(tables: Tables) -> None:
    """Eleven records with all the keys there are would be more."""
    many = [
        approved("0210", f"{n:06}", 100, de37=f"6324{n:08}", de63=f"LC{n:014}")
        for n in range(1, 21)
    ]

    assert set(together(tables, many)) == {"booked"}
    assert tables.balance() == -2000


# --- batch and single book the same

AMOUNTS = st.integers(1, 90).map(lambda n: n * 100)
POLICIES: tuple[FundsPolicy, ...] = ("OVERDRAW", "SPLIT", "SUSPEND")


@st.composite
def record(draw: st.DrawFn) -> TransactionPostingApproved:
    """Of one of two payments, or of its own; what it follows may have come or not."""
    number, amount = draw(st.integers(1, 12)), draw(AMOUNTS)
    rrn = draw(st.sampled_from(["632410000001", "632410000002", f"6324{number:08}"]))
    pricing = Pricing(funds_policy=draw(st.sampled_from(POLICIES)), fx_markup="2.0", fx_fee=150)
    abroad = {"de49": "840", "rate": RATE_USD} if draw(st.integers(0, 4)) == 0 else {}
    more: dict[str, Any] = {"de37": rrn, "pricing": pricing}
    named = f"{draw(st.integers(1, 12)):06}"
    match draw(
        st.sampled_from(["buy", "hold", "promise", "more", "clear", "undo", "back", "free"])
    ):
        case "buy":
            mti, more = "0210", more | abroad
        case "hold":
            mti = "0110"
        case "promise":
            mti = "0120"
        case "more":
            mti, more = "0110", more | {"de90": original("0100", named)}
        case "clear":
            mti = "0220"
        case "undo":
            of = draw(st.sampled_from(["0100", "0220"]))
            mti, more = "0420", more | {"de90": original(of, named)}
        case "back":
            mti, more = "0220", more | {"de3": "200000", "de90": original("0220", named)}
        case _:
            mti, more = "0220", more | {"de3": "200000"}
    unknown = draw(st.integers(0, 9)) == 0
    return approved(
        mti, f"{number:06}", amount, unknown=unknown, copy=draw(st.integers(0, 1)), **more
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(record(), min_size=2, max_size=10),
    st.integers(0, 10),
    st.sampled_from([0, 3000, 10**6]),
)
def test_a_batch_books_what_the_same_records_book_singly(
    events: list[TransactionPostingApproved], before: int, limit: int
) -> None:
    """The same headers, legs, lines, balances, payments and outcomes, whatever was before."""
    one, several = opened(limit), opened(limit)
    _outcomes(lambda: singly(several, events[:before]))
    _outcomes(lambda: singly(one, events[:before]))

    assert _outcomes(lambda: together(several, events[before:])) == _outcomes(
        lambda: singly(one, events[before:])
    )
    assert books(several) == books(one)
    assert several.bus.details == one.bus.details


def _outcomes(post: Callable[[], list[str]]) -> list[str]:
    """None of them where one contradicts what is booked: both ways stop there."""
    try:
        return ["booked" if name == "booked" else name for name in post()]
    except Contradiction:
        return []


# --- a record that does not go with the others


def test_a_record_that_is_booked_already_leaves_the_others_together(tables: Tables) -> None:
    tables.poster.post(TEN[4])
    tried = transactions(tables)

    names = together(tables, TEN)

    assert names == ["booked"] * 4 + ["already_booked"] + ["booked"] * 5
    # The refused one, the four before it, its own, and the five after it.
    assert len(tried) <= 4
    assert tables.balance() == -5500
    assert [line[0] for line in tables.lines()] == [f"{n:012}" for n in range(1, 11)]


def test_a_second_record_of_a_message_in_the_batch_is_parked_beside_it(tables: Tables) -> None:
    again = purchase(2, 200, copy=1)

    assert together(tables, [*TEN[:3], again, *TEN[3:]]) == (
        ["booked"] * 3 + ["parked"] + ["booked"] * 7
    )

    row = tables.parked.get(again.data.ingest_id)
    assert row is not None
    assert (row["reason"], row["original"]) == ("DUPLICATE", TEN[1].data.ingest_id)


def test_a_record_that_waits_is_parked_in_its_place(tables: Tables) -> None:
    reversal = approved("0420", "000077", 6000, de90=original("0100", "000076"), de37=None)

    assert together(tables, [*TEN[:2], reversal, *TEN[2:]]) == (
        ["booked"] * 2 + ["waits"] + ["booked"] * 8
    )


def test_a_record_that_waited_is_woken_by_the_batch_that_it_waited_for(tables: Tables) -> None:
    reversal = approved("0420", "000003", 6000, de90=original("0100", "000001"))
    assert together(tables, [reversal]) == ["waits"]

    together(tables, [TEN[6], approved("0110", "000001", 6000)])

    (woken,) = tables.queue.bodies
    assert reversal.data.ingest_id in woken
    assert together(tables, [TEN[7], reversal, TEN[8]]) == ["booked"] * 3


def test_a_refused_hold_in_the_middle_is_refused_by_name_and_told(tables: Tables) -> None:
    tables = opened(limit=3000)
    hold = approved("0110", "000001", 6000)

    assert together(tables, [*TEN[:2], hold, *TEN[2:4]]) == (
        ["booked"] * 2 + ["refused"] + ["booked"] * 2
    )
    assert len(tables.bus.details) == 1


def test_a_discarded_record_in_the_middle_is_left_as_it_is(tables: Tables) -> None:
    discard(tables, TEN[3])

    assert together(tables, TEN[:6]) == ["booked"] * 3 + ["outcome_exists"] + ["booked"] * 2
    assert tables.balance() == -100 - 200 - 300 - 500 - 600


def test_the_second_presentment_of_a_purchase_goes_to_suspense(tables: Tables) -> None:
    response = approved("0210", "000021", 4500, de37="632410000555")
    advice = approved("0220", "000022", 4500, de37="632410000555")
    before = approved("0210", "000023", 700, de37="632410000777")
    tables.poster.post(before)
    late = approved("0220", "000024", 700, de37="632410000777")

    together(tables, [TEN[0], response, TEN[1], advice, late, TEN[2]])

    purposes = tables.headers()
    suspended = {key for key, purpose in purposes.items() if purpose == "SUSPEND"}
    assert suspended == {f"J#{advice.data.msg_id}", f"J#{late.data.msg_id}"}


def test_a_contradiction_is_raised_at_its_place_and_what_stands_before_it_is_booked(
    tables: Tables,
) -> None:
    tables.poster.post(TEN[2])
    other = purchase(3, 999)
    done: list[str] = []

    with pytest.raises(Contradiction):
        done += (result.name for result in tables.batch.post([*TEN[:2], other, *TEN[3:]]))

    assert done == ["booked", "booked"]
    assert sorted(tables.headers()) == sorted(f"J#{each.data.msg_id}" for each in TEN[:3])


# --- rivals, crashes, throttling


def test_a_rival_that_moves_the_balance_makes_the_whole_batch_derive_again(tables: Tables) -> None:
    rivals = [purchase(99, 50)]

    def move(operation: str) -> None:
        if operation == "TransactWriteItems" and rivals:
            tables.poster.post(rivals.pop())

    tables.dynamodb.before = move

    assert together(tables, TEN) == ["booked"] * 10
    assert tables.balance() == -5550
    assert tables.lines()[1] == ("000000000002", -100, -150)


def test_a_batch_that_meets_a_moving_balance_for_ever_is_left_to_the_queue(tables: Tables) -> None:
    def move(operation: str) -> None:
        if operation == "TransactWriteItems":
            tables.dynamodb.before = lambda _operation: None
            row = tables.balances.read("cust:A1", "EUR")
            assert row is not None
            tables.balances.set_terms(row, "OPEN", row.overdraft_limit + 1)
            tables.dynamodb.before = move

    tables.dynamodb.before = move

    with pytest.raises(Unavailable):
        together(tables, TEN)
    assert tables.headers() == {}


@pytest.mark.parametrize("crash_at", ["before", "after"])
def test_a_batch_that_crashed_and_comes_again_is_booked_once(tables: Tables, crash_at: str) -> None:
    setattr(tables.dynamodb, crash_at, crash_in("TransactWriteItems"))
    with pytest.raises(Crash):
        together(tables, TEN)
    setattr(tables.dynamodb, crash_at, lambda _operation: None)
    names = together(tables, TEN)
    booked = books(tables)

    assert set(names) == ({"booked"} if crash_at == "before" else {"already_booked"})
    assert set(together(tables, TEN)) == {"already_booked"}
    assert books(tables) == booked
    assert tables.balance() == -5500


def test_another_cut_of_the_batch_books_only_what_is_missing(tables: Tables) -> None:
    together(tables, TEN[:6])

    assert together(tables, TEN[3:]) == ["already_booked"] * 3 + ["booked"] * 4
    assert tables.balance() == -5500


def test_nothing_of_a_batch_is_written_when_one_record_of_it_is_refused(tables: Tables) -> None:
    """All or nothing: the first try, with the discarded one in it, leaves no trace."""
    discard(tables, TEN[4])
    seen: list[int] = []

    def look(operation: str) -> None:
        if operation == "TransactWriteItems":
            seen.append(len(tables.headers()))

    tables.dynamodb.before = look
    together(tables, TEN)

    # All ten, the four before it, it alone, the five behind it.
    assert seen == [0, 0, 4, 4]
