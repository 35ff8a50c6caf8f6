"""One message, one primary booking, whatever is delivered how often, in which order, with which
crash.
"""

from collections.abc import Callable

import msgspec
import pytest

from adapters.fold import Fold
from adapters.items import to_item
from adapters.parked_row import DUPLICATE, FAILED, REJECTED, ParkedRow
from domain.errors import Contradiction, Refused, Unavailable
from domain.events import (
    Decided,
    Meta,
    Opening,
    OpeningRequested,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)
from domain.money import Money
from tests.unit.decided_records import RATE_USD, TRAVEL, decided
from tests.unit.ledger_tables import NOON, Tables

META = Meta(
    event_id="e-1",
    msg_id="msg_a",
    correlation_id="ing_a",
    causation_id="e-0",
    business_time="2026-11-20T10:11:12Z",
)
PURCHASE = decided(Money(4500, "EUR"))
SUSPENSE = decided(Money(4500, "EUR"), outcome="SUSPENDED", reason="OVER_LIMIT")


class Crash(BaseException):
    """The process dies: nothing in the code may catch it."""


def approved(record: Decided = PURCHASE) -> TransactionPostingApproved:
    return TransactionPostingApproved(meta=META, data=record)


def suspended(record: Decided = SUSPENSE) -> TransactionPostingSuspended:
    return TransactionPostingSuspended(meta=META, data=record)


@pytest.fixture
def tables() -> Tables:
    tables = Tables()
    tables.open_account()
    return tables


def test_a_purchase_is_booked_with_its_line_and_running_balance(tables: Tables) -> None:
    result = tables.poster.post(approved())

    assert result.name == "booked"
    assert tables.headers() == {"J#msg_a": "CLEAR"}
    assert tables.balance() == -4500
    assert tables.lines() == [("000000000001", -4500, -4500)]


def test_a_redelivery_changes_nothing(tables: Tables) -> None:
    tables.poster.post(approved())
    before = {name: dict(table.items) for name, table in tables.dynamodb.tables.items()}

    result = tables.poster.post(approved())

    assert result.name == "already_booked"
    assert {name: table.items for name, table in tables.dynamodb.tables.items()} == before


def test_a_newer_rate_on_a_redelivery_is_no_conflict(tables: Tables) -> None:
    foreign = decided(Money(12345, "USD"), rate=RATE_USD, pricing=TRAVEL)
    tables.poster.post(approved(foreign))
    newer = decided(Money(12345, "USD"), billing=Money(11500, "EUR"), ref_version=2)

    assert tables.poster.post(approved(newer)).name == "already_booked"
    assert tables.balance() == -11638


def test_the_same_record_with_other_content_calls_a_person(tables: Tables) -> None:
    tables.poster.post(approved())

    with pytest.raises(Contradiction):
        tables.poster.post(approved(decided(Money(4500, "EUR"), fingerprint="0" * 64)))


@pytest.mark.parametrize("crash_at", [None, "before", "after"])
@pytest.mark.parametrize("closes_between", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "purpose"),
    [(approved, suspended, "CLEAR"), (suspended, approved, "SUSPEND")],
    ids=["approved first", "suspended first"],
)
def test_both_decisions_for_one_message_make_one_booking(
    tables: Tables,
    first: Callable[[], TransactionPostingApproved | TransactionPostingSuspended],
    second: Callable[[], TransactionPostingApproved | TransactionPostingSuspended],
    purpose: str,
    closes_between: bool,
    crash_at: str | None,
) -> None:
    if crash_at is not None:
        setattr(tables.dynamodb, crash_at, _crash_in("TransactWriteItems"))
        with pytest.raises(Crash):
            tables.poster.post(first())
        setattr(tables.dynamodb, crash_at, lambda _operation: None)
    else:
        tables.poster.post(first())
    if closes_between:
        tables.set_status("CLOSED")

    tables.poster.post(second())
    tables.poster.post(first())

    assert list(tables.headers()) == ["J#msg_a"]
    # Before the write nothing of the first decision is left, so the second one wins.
    winner = _other(purpose) if crash_at == "before" else purpose
    if winner == "CLEAR" and closes_between and crash_at == "before":
        winner = "SUSPEND"
    assert tables.headers() == {"J#msg_a": winner}
    assert tables.balance() == (-4500 if winner == "CLEAR" else 0)
    assert len(tables.lines()) == (1 if winner == "CLEAR" else 0)


def _other(purpose: str) -> str:
    return "SUSPEND" if purpose == "CLEAR" else "CLEAR"


def _crash_in(operation: str) -> Callable[[str], None]:
    def hook(running: str) -> None:
        if running == operation:
            raise Crash

    return hook


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("HOLD_DEBIT", "ACCOUNT_ON_HOLD"),
        ("HOLD_ALL", "ACCOUNT_ON_HOLD"),
        ("CLOSED", "ACCOUNT_CLOSED"),
    ],
)
def test_the_status_at_booking_is_the_last_word(tables: Tables, status: str, reason: str) -> None:
    tables.set_status(status)

    tables.poster.post(approved())

    header = tables.journal.get("J#msg_a")
    assert header is not None
    assert (header.posted.purpose, header.posted.reason) == ("SUSPEND", reason)
    assert tables.lines() == []


def test_a_refund_reaches_an_account_that_only_debits_are_held_on(tables: Tables) -> None:
    tables.set_status("HOLD_DEBIT")

    tables.poster.post(approved(decided(Money(2000, "EUR"), type="20", direction="CREDIT")))

    assert tables.balance() == 2000


def test_missing_funds_refuse_no_financial_message(tables: Tables) -> None:
    tables.poster.post(approved(decided(Money(99_999_999, "EUR"))))

    assert tables.balance() == -99_999_999


def test_an_account_without_a_balance_row_is_unknown() -> None:
    tables = Tables()

    tables.poster.post(approved())

    header = tables.journal.get("J#msg_a")
    assert header is not None
    assert header.posted.reason == "UNKNOWN_ACCOUNT"


def test_a_moving_balance_is_read_again_and_the_line_follows_it(tables: Tables) -> None:
    tables.poster.post(approved(decided(Money(100, "EUR"))))
    rival_done: list[bool] = []

    def rival(operation: str) -> None:
        if operation == "TransactWriteItems" and not rival_done:
            rival_done.append(True)
            tables.set_status("OPEN")

    tables.dynamodb.before = rival
    other = _of_message(decided(Money(200, "EUR"), ingest_id="ing_b"), "msg_b")
    tables.poster.post(approved(other))

    assert [line[2] for line in tables.lines()] == [-100, -300]


def test_a_balance_that_was_set_back_gets_no_second_line_under_a_number(tables: Tables) -> None:
    """As by a restore of one table from a backup."""
    before = dict(tables.dynamodb.tables["balances"].items)
    tables.poster.post(approved(decided(Money(100, "EUR"))))
    tables.dynamodb.tables["balances"].items.update(before)

    with pytest.raises(Unavailable):
        tables.poster.post(approved(_of_message(decided(Money(200, "EUR")), "msg_b")))

    assert tables.headers() == {"J#msg_a": "CLEAR"}
    assert tables.lines() == [("000000000001", -100, -100)]


def _of_message(record: Decided, msg_id: str) -> Decided:
    values = {name: getattr(record, name) for name in Decided.__struct_fields__}
    return Decided(**values | {"msg_id": msg_id})


def test_another_record_of_a_booked_message_is_parked_with_a_pointer(tables: Tables) -> None:
    tables.poster.post(approved())

    result = tables.poster.post(approved(decided(Money(4500, "EUR"), ingest_id="ing_b")))

    row = tables.parked.get("ing_b")
    assert result.name == "parked"
    assert row is not None
    assert (row["reason"], row["original"]) == ("DUPLICATE", "ing_a")


def test_another_record_with_other_content_is_a_conflict(tables: Tables) -> None:
    tables.poster.post(approved())
    other = decided(Money(4600, "EUR"), ingest_id="ing_b", fingerprint="0" * 64)

    tables.poster.post(approved(other))

    row = tables.parked.get("ing_b")
    assert row is not None
    assert (row["reason"], row["original"]) == ("CONFLICT", "ing_a")


def _parked(reason: str, msg_id: str = "msg_a") -> ParkedRow:
    return ParkedRow(
        ingest_id="ing_a",
        reason=reason,
        code="X",
        message="",
        parked_at="2026-11-20T10:11:14.000+00:00",
        msg_id=msg_id,
    )


def test_a_rejected_record_is_not_booked(tables: Tables) -> None:
    tables.parked.put(_parked(REJECTED))

    assert tables.poster.post(approved()).name == "outcome_exists"
    assert tables.headers() == {}


def test_a_booking_resolves_the_record_s_failure(tables: Tables) -> None:
    tables.parked.put(_parked(FAILED))

    assert tables.poster.post(approved()).name == "booked"
    row = tables.parked.get("ing_a")
    assert row is not None
    assert row["state"] == "RESOLVED"
    assert [entry["state"] for entry in row["history"]] == ["RESOLVED"]


def test_a_discarded_failure_stays_discarded(tables: Tables) -> None:
    tables.parked.put(_parked(FAILED))
    assert tables.parked.discard("ing_a", {"state": "DISCARDED", "at": "", "by": "op", "note": ""})

    assert tables.poster.post(approved()).name == "outcome_exists"
    assert tables.headers() == {}


def _released_as(tables: Tables, msg_id: str) -> None:
    """The failed record ing_a, released under this message id."""
    tables.parked.put(_parked(FAILED))
    entry = {"state": "RELEASED", "at": NOON.isoformat(), "by": "op", "note": ""}
    action = tables.parked.release("ing_a", msg_id, entry)
    tables.dynamodb.transact_write_items(TransactItems=[action])


@pytest.mark.parametrize("unbooked", [False, True])
def test_a_repeat_does_not_cover_a_release_that_came_between_look_and_write(
    tables: Tables, unbooked: bool
) -> None:
    _released_as(tables, "msg_a")
    standing = tables.parked.get("ing_a")
    assert standing is not None
    own = standing | {"msg_id": "msg_own", "parked_at": "2026-11-20T12:00:01.000+00:00"}
    writes: list[str] = []

    def released_again(operation: str) -> None:
        writes.append(operation)
        if len(writes) == 2:
            tables.dynamodb.tables["parked"].items["ing_a",] = to_item(own)

    tables.dynamodb.before = released_again
    if unbooked:
        tables.parked.put_unbooked(_parked(DUPLICATE), tables.journal.absent("J#msg_a"))
    else:
        tables.parked.put(_parked(DUPLICATE))

    assert len(writes) == 2
    assert tables.parked.get("ing_a") == own


def test_a_released_record_is_booked_under_its_message_id(tables: Tables) -> None:
    _released_as(tables, "msg_a")

    assert tables.poster.post(approved()).name == "booked"


def test_a_late_delivery_under_the_old_message_id_does_not_book_a_released_record_twice(
    tables: Tables,
) -> None:
    _released_as(tables, "msg_own")

    assert tables.poster.post(approved()).name == "outcome_exists"
    tables.poster.post(approved(_of_message(decided(Money(4500, "EUR")), "msg_own")))
    assert tables.headers() == {"J#msg_own": "CLEAR"}


def test_nor_does_it_where_the_record_has_failed_again_as_a_message_of_its_own(
    tables: Tables,
) -> None:
    tables.parked.put(_parked(FAILED, "msg_own"))

    assert tables.poster.post(approved()).name == "outcome_exists"
    tables.poster.post(approved(_of_message(decided(Money(4500, "EUR")), "msg_own")))
    # Its row is RESOLVED now, which is no leave for the old id either.
    assert tables.poster.post(approved()).name == "outcome_exists"
    assert tables.headers() == {"J#msg_own": "CLEAR"}


@pytest.mark.parametrize(("msg_id", "gives_way"), [("msg_a", True), ("msg_own", False)])
def test_a_failure_gives_way_only_to_an_outcome_of_the_same_message(
    tables: Tables, msg_id: str, gives_way: bool
) -> None:
    tables.parked.put(_parked(FAILED, msg_id))

    put = tables.parked.supersede(_parked(REJECTED), tables.parked.get("ing_a"))

    assert (put is not None) == gives_way


def test_a_response_and_an_advice_of_one_purchase_are_two_presentments(tables: Tables) -> None:
    response = decided(Money(4500, "EUR"), mti="0210", purchase_id="pur_1")
    advice = decided(Money(4500, "EUR"), mti="0220", purchase_id="pur_1", ingest_id="ing_b")
    tables.poster.post(approved(response))

    tables.poster.post(approved(_of_message(advice, "msg_b")))

    header = tables.journal.get("J#msg_b")
    assert header is not None
    assert (header.posted.purpose, header.posted.reason) == (
        "SUSPEND",
        "POSSIBLE_SECOND_PRESENTMENT",
    )


def test_several_advices_of_one_purchase_are_partial_clearings(tables: Tables) -> None:
    for number in range(3):
        part = decided(
            Money(1000, "EUR"), mti="0220", purchase_id="pur_1", ingest_id=f"ing_{number}"
        )
        tables.poster.post(approved(_of_message(part, f"msg_{number}")))

    assert set(tables.headers().values()) == {"CLEAR"}
    assert tables.balance() == -3000


def _opening(amount: int) -> OpeningRequested:
    opening = Opening(account_id="A1", amount=Money(amount, "EUR"), value_date="2026-11-20")
    return OpeningRequested(meta=META, data=opening)


def test_opening_money_is_booked_once_for_ever(tables: Tables) -> None:
    assert tables.poster.open(_opening(100_000)).name == "booked"
    assert tables.poster.open(_opening(100_000)).name == "already_booked"

    assert tables.balance() == 100_000
    assert tables.headers() == {"J#OPENING#A1#EUR": "OPENING"}


def test_opening_money_does_not_land_on_a_closed_account(tables: Tables) -> None:
    """An order from before its account said that it is under way, or a forged one."""
    tables.set_status("CLOSED")

    with pytest.raises(Refused) as told:
        tables.poster.open(_opening(100_000))

    assert told.value.code == "ACCOUNT_CLOSED"
    assert "./posting account status A1 OPEN" in str(told.value)
    assert tables.headers() == {}


def test_opening_money_that_is_booked_is_a_repeat_though_the_account_is_closed(
    tables: Tables,
) -> None:
    tables.poster.open(_opening(100_000))
    tables.set_status("CLOSED")

    assert tables.poster.open(_opening(100_000)).name == "already_booked"
    with pytest.raises(Contradiction) as told:
        tables.poster.open(_opening(100_001))
    assert told.value.code == "FINGERPRINT_MISMATCH"


def test_another_opening_amount_is_refused(tables: Tables) -> None:
    tables.poster.open(_opening(100_000))

    with pytest.raises(Contradiction):
        tables.poster.open(_opening(100_001))


def test_a_change_of_limit_moves_what_is_available(tables: Tables) -> None:
    row = tables.balances.read("cust:A1", "EUR")
    assert row is not None
    assert tables.balances.set_terms(row, "OPEN", 5000)

    tables.poster.post(approved())

    after = tables.balances.read("cust:A1", "EUR")
    assert after is not None
    assert after.available == after.posted - after.held + after.overdraft_limit == 500
    assert after.version == row.version + 2


def _posted(tables: Tables, count: int) -> list[str]:
    for number in range(count):
        record = decided(Money(100 + number, "EUR"), ingest_id=f"ing_{number}")
        tables.poster.post(approved(_of_message(record, f"msg_{number}")))
    return [f"J#msg_{number}" for number in range(count)]


def _internal(tables: Tables) -> int:
    items = tables.dynamodb.tables["balances"].items
    return int(items[("B#settle:VISA:EUR#EUR",)]["posted_c"]["N"])


def test_a_fold_batch_delivered_twice_and_cut_anew_moves_balances_once(tables: Tables) -> None:
    fold = Fold(tables.dynamodb, "balances")
    stored = tables.journal.get_many(_posted(tables, 30))
    headers = [header.posted for header in stored.values()]
    total = sum(header.totals["EUR"] for header in headers)

    assert fold.fold(headers[:20]) == 20
    assert fold.fold(headers[10:30]) == 10
    assert fold.fold([*headers, *headers]) == 0

    assert _internal(tables) == total


def test_a_fold_that_loses_its_reply_is_exact_when_it_is_repeated(tables: Tables) -> None:
    fold = Fold(tables.dynamodb, "balances")
    stored = tables.journal.get_many(_posted(tables, 5))
    headers = [header.posted for header in stored.values()]
    tables.dynamodb.after = _crash_in("TransactWriteItems")
    with pytest.raises(Crash):
        fold.fold(headers)
    tables.dynamodb.after = lambda _operation: None

    assert fold.fold(headers) == 0
    assert _internal(tables) == sum(header.totals["EUR"] for header in headers)


def test_what_a_fold_lost_is_found_by_its_missing_markers(tables: Tables) -> None:
    fold = Fold(tables.dynamodb, "balances")
    booked = _posted(tables, 3)
    stored = tables.journal.get_many(booked)
    fold.fold([stored[booked[0]].posted])

    assert fold.unmarked(booked) == booked[1:]
    assert list(tables.journal.headers_between(NOON, NOON)) != []


def test_the_parked_row_of_a_duplicate_never_covers_another_outcome(tables: Tables) -> None:
    tables.parked.put(_parked(DUPLICATE))

    standing = tables.parked.put(_parked(REJECTED))

    assert standing is not None
    assert standing["reason"] == "DUPLICATE"


def test_a_suspended_second_presentment_is_suspended_as_one(tables: Tables) -> None:
    first = decided(Money(4500, "EUR"), mti="0210", purchase_id="pur_a")
    second = decided(
        Money(4500, "EUR"),
        outcome="SUSPENDED",
        reason="OVER_LIMIT",
        purchase_id="pur_a",
        ingest_id="ing_b",
    )
    tables.poster.post(approved(first))

    result = tables.poster.post(suspended(msgspec.structs.replace(second, msg_id="msg_b")))

    assert result.facts["suspense_reason"] == "POSSIBLE_SECOND_PRESENTMENT"
