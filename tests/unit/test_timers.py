"""Timers: what is overdue is released once, and who waited in vain takes the documented end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Unavailable
from domain.events import TransactionPostingApproved
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved, original
from tests.unit.test_card_payment import (
    CLEARING,
    HOLD,
    REVERSAL,
    legs_of_header,
    life,
    money,
    post,
    refusal,
    waiting,
)

EXPIRES = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def tables() -> Tables:
    tables = Tables()
    tables.open_account(limit=100_000)
    return tables


def run(tables: Tables, at: datetime, *, dry_run: bool = False) -> tuple[list[str], list[str]]:
    tables.now = at
    ended = tables.timers.run(at, lambda: False, dry_run=dry_run)
    return list(ended.expired), list(ended.woken)


def test_an_overdue_hold_is_released_under_the_authorisation_and_once(tables: Tables) -> None:
    post(tables, HOLD)

    assert run(tables, EXPIRES - timedelta(seconds=1)) == ([], [])
    assert run(tables, EXPIRES) == ([f"J#{HOLD.data.msg_id}#EXPIRE2"], [])
    assert run(tables, EXPIRES) == ([], [])

    assert money(tables) == (0, 0, 0)
    assert life(tables).label == "EXPIRED"
    assert legs_of_header(tables, f"J#{HOLD.data.msg_id}#EXPIRE2") == [
        ("D", "settle:VISA:EUR", 6000, "pending"),
        ("C", "cust:A1", 6000, "pending"),
    ]


def test_a_dry_run_says_what_is_overdue_and_does_nothing(tables: Tables) -> None:
    post(tables, HOLD)

    assert run(tables, EXPIRES, dry_run=True)[0] != []
    assert money(tables) == (0, 6000, -6000)


def test_an_increment_prolongs_the_hold(tables: Tables) -> None:
    longer = approved("0110", "000004", 2000, hold_hours=240, de90=original("0100", "000001"))
    post(tables, HOLD, longer)

    assert run(tables, EXPIRES) == ([], [])


def test_a_late_clearing_posts_and_releases_nothing(tables: Tables) -> None:
    post(tables, HOLD)
    run(tables, EXPIRES)

    post(tables, CLEARING)

    assert money(tables) == (-4500, 0, -4500)
    assert life(tables).label == "CLEARED_LATE"


def test_a_reversal_of_an_expired_hold_is_refused(tables: Tables) -> None:
    post(tables, HOLD)
    run(tables, EXPIRES)

    post(tables, REVERSAL)

    assert refusal(tables, REVERSAL) == "ALREADY_EXPIRED"


def test_an_expiry_that_meets_a_moving_payment_is_derived_again(tables: Tables) -> None:
    post(tables, HOLD)
    rival = iter([REVERSAL])
    tables.dynamodb.before = _first_write(tables, lambda: post(tables, *rival))

    assert run(tables, EXPIRES) == ([], [])

    assert money(tables) == (0, 0, 0)
    assert life(tables).label == "REVERSED"


def test_a_payment_that_never_stands_still_is_left_to_the_next_run(tables: Tables) -> None:
    post(tables, HOLD)
    rivals = iter(range(100, 200))

    def increment() -> None:
        stan = f"{next(rivals):06}"
        tables.dynamodb.before = lambda _operation: None
        post(tables, approved("0110", stan, 1, hold_hours=1, de90=original("0100", "000001")))
        tables.dynamodb.before = _first_write(tables, increment)

    tables.dynamodb.before = _first_write(tables, increment)

    with pytest.raises(Unavailable):
        run(tables, EXPIRES)


def _first_write(tables: Tables, rival: Callable[[], object]) -> Callable[[str], None]:
    """The rival comes just before the next transaction."""

    def hook(operation: str) -> None:
        if operation == "TransactWriteItems":
            tables.dynamodb.before = lambda _operation: None
            rival()

    return hook


def test_a_timer_sends_on_who_waited_in_vain(tables: Tables) -> None:
    post(tables, REVERSAL)
    due = tables.now + timedelta(minutes=15)

    assert run(tables, due - timedelta(seconds=1)) == ([], [])
    assert run(tables, due) == ([], [REVERSAL.data.ingest_id])

    (body,) = tables.queue.bodies
    event = TransactionPostingApproved.from_envelope(body)
    assert tables.poster.post(event).name == "refused"
    assert refusal(tables, REVERSAL) == "REVERSED_UNMATCHED"
    tables.queue.bodies = []
    assert run(tables, due) == ([], [])


def test_what_is_woken_after_its_message_came_is_booked(tables: Tables) -> None:
    """As after a crash between a booking and those that waited for it."""
    post(tables, REVERSAL, HOLD)
    tables.queue.bodies = []

    run(tables, tables.now + timedelta(minutes=15))

    (body,) = tables.queue.bodies
    assert tables.poster.post(TransactionPostingApproved.from_envelope(body)).name == "booked"
    assert waiting(tables, REVERSAL) == "RESOLVED"
    assert money(tables) == (0, 0, 0)


def test_a_record_that_a_person_discarded_waits_no_longer_when_its_time_ends(
    tables: Tables,
) -> None:
    post(tables, REVERSAL)
    tables.parked.discard(REVERSAL.data.ingest_id, {"state": "DISCARDED", "by": "operator"})

    assert run(tables, tables.now + timedelta(minutes=15)) == ([], [])

    assert tables.queue.bodies == []
    assert life(tables).waiting == ()
    assert life(tables).due is None


def test_a_record_that_waits_when_another_one_of_its_message_is_booked_is_its_duplicate(
    tables: Tables,
) -> None:
    twin = approved("0420", "000003", de90=original("0100", "000001"), copy=1)
    late = approved("0420", "000003", de90=original("0100", "000001"))
    post(tables, twin, HOLD, late)
    assert waiting(tables, twin) == "PARKED"

    post(tables, twin)

    row = tables.parked.get(twin.data.ingest_id)
    assert row is not None
    assert (row["state"], row["reason"]) == ("PARKED", "DUPLICATE")
    assert row["original"] == late.data.ingest_id
    assert [each["reason"] for each in row["history"]] == ["PENDING_MATCH"]
    assert life(tables).waiting == ()


def test_an_expiry_whose_answer_was_lost_is_found_done(tables: Tables) -> None:
    post(tables, HOLD)
    twin = iter([None])

    def rival() -> None:
        next(twin)
        tables.timers.run(EXPIRES, lambda: False, dry_run=False)

    tables.dynamodb.before = _first_write(tables, rival)

    assert run(tables, EXPIRES) == ([], [])
    assert money(tables) == (0, 0, 0)
