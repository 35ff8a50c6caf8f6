"""A request waits for its response, and the response alone goes on: in every order, and with
crashes between.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.items import to_item
from adapters.pairs import Pair
from adapters.parked_row import ParkedRow
from domain.cain import from_json
from domain.pairing import part_of
from domain.received import Received
from domain.transaction import read_transaction
from tests.fakes.dynamodb import nothing
from tests.fakes.runtime import Crash
from tests.unit.interleaving import orders, together
from tests.unit.ledger_tables import NOON, Tables
from tests.unit.pair_messages import record

REQUEST, RESPONSE = record("0200", "ing_request"), record("0210", "ing_response")
AT = NOON.isoformat(timespec="milliseconds")
QUARTER = timedelta(minutes=15)


@pytest.fixture
def tables() -> Tables:
    return Tables()


def admit(tables: Tables, each: Received) -> ParkedRow | None:
    return tables.deduplication.admit(each, AT)


def row(tables: Tables, each: Received = REQUEST) -> dict[str, Any]:
    return tables.parked.get(each.ingest_id) or {}


def state(tables: Tables, each: Received = REQUEST) -> tuple[str, str, str | None]:
    found = row(tables, each)
    return found["state"], found["reason"], found.get("response")


def time_out(tables: Tables, later: timedelta = QUARTER, **more: bool) -> list[str]:
    tables.now = NOON + later
    run = tables.request_timers.run(tables.now, lambda: False, dry_run=more.get("dry_run", False))
    return list(run)


def sent(tables: Tables) -> list[str]:
    """Records of which TransactionAuthorized was put on the bus."""
    return [detail["data"]["ingest_id"] for detail in tables.bus.details]


WAITS = ("PARKED", "PENDING_MATCH", None)
ANSWERED = ("RESOLVED", "PENDING_MATCH", RESPONSE.ingest_id)
WENT_ON = ("RELEASED", "PENDING_MATCH", None)


# --- which messages make a pair


def key(each: Received) -> str | None:
    part = part_of(read_transaction(each.mti, each.network, from_json(each.cain)))
    return part.key if part else None


@pytest.mark.parametrize("mti", ["0100", "0101", "0110"])
def test_authorisations_pair_with_their_own_kind(mti: str) -> None:
    assert key(record(mti, "x")) == key(record("0100", "y")) != key(REQUEST)


def test_what_a_response_adds_or_leaves_out_parts_no_pair() -> None:
    assert key(record("0210", "x", de37=None, de41=None, de4="000000009999")) == key(REQUEST)


@pytest.mark.parametrize(
    "other", [{"de7": "1120101113"}, {"de11": "000124"}, {"de32": "476174"}, {"token": "tok_b"}]
)
def test_another_time_trace_number_acquirer_or_card_is_another_pair(other: Any) -> None:
    assert key(record("0210", "x", **other)) != key(REQUEST)


@pytest.mark.parametrize("mti", ["0120", "0121", "0130", "0220", "0221", "0230", "0420"])
def test_an_advice_belongs_to_no_pair(mti: str) -> None:
    assert key(record(mti, "x")) is None


# --- waiting and being answered


def test_a_request_waits_and_says_until_when(tables: Tables) -> None:
    parked = admit(tables, REQUEST)

    assert parked is not None
    assert state(tables) == WAITS
    assert (row(tables)["code"], row(tables)["due_at"]) == ("NO_RESPONSE", "2026-11-20T12:15:00Z")


def test_how_long_it_waits_is_data_of_the_rule_set(tables: Tables) -> None:
    rules = (
        ("RULES", "CURRENT", {"rule_version": "v7"}),
        (
            *("RULES#v7", "MATCH_WAITS"),
            {"params": '{"request": 60}'},
        ),
    )
    for pk, sk, values in rules:
        item = to_item({"pk": pk, "sk": sk, **values})
        tables.dynamodb.put_item(TableName="reference", Item=item)

    admit(tables, REQUEST)

    assert row(tables)["due_at"] == "2026-11-20T12:01:00Z"


def test_a_response_goes_on_alone_when_it_has_no_request(tables: Tables) -> None:
    assert admit(tables, RESPONSE) is None
    assert list(tables.dynamodb.rows("parked")) == []


def test_a_response_costs_one_write_more_than_its_claim(tables: Tables) -> None:
    operations: list[str] = []
    tables.dynamodb.before = operations.append

    admit(tables, RESPONSE)

    assert operations == ["PutItem", "UpdateItem"]


@pytest.mark.parametrize("first", [REQUEST, RESPONSE], ids=["request first", "response first"])
def test_the_response_goes_on_and_answers_its_request(tables: Tables, first: Received) -> None:
    second = RESPONSE if first is REQUEST else REQUEST

    told = {each.ingest_id: admit(tables, each) for each in (first, second)}

    assert told[RESPONSE.ingest_id] is None
    assert told[REQUEST.ingest_id] is not None
    assert state(tables) == ANSWERED
    assert tables.parked.get(RESPONSE.ingest_id) is None


def test_a_declined_response_answers_too(tables: Tables) -> None:
    admit(tables, REQUEST)

    assert admit(tables, record("0210", RESPONSE.ingest_id, de39="05", de38=None)) is None
    assert state(tables) == ANSWERED


def test_either_may_be_delivered_again_and_nothing_changes(tables: Tables) -> None:
    for each in (REQUEST, RESPONSE):
        admit(tables, each)
    before = row(tables)

    told = [admit(tables, each) for each in (RESPONSE, REQUEST, REQUEST, RESPONSE)]

    assert [each is None for each in told] == [True, False, False, True]
    assert row(tables) == before


def test_a_repeat_of_the_request_is_a_duplicate_and_the_first_one_is_answered(
    tables: Tables,
) -> None:
    repeat = record("0201", "ing_repeat")
    admit(tables, REQUEST)

    assert admit(tables, repeat) is not None
    admit(tables, RESPONSE)

    assert row(tables, repeat)["reason"] == "DUPLICATE"
    assert row(tables, repeat)["original"] == REQUEST.ingest_id
    assert state(tables) == ANSWERED


def test_a_repeat_of_the_response_is_a_duplicate_and_answers_nothing(tables: Tables) -> None:
    repeat = record("0210", "ing_again")
    admit(tables, RESPONSE)
    admit(tables, repeat)

    admit(tables, REQUEST)

    assert row(tables, repeat)["reason"] == "DUPLICATE"
    assert state(tables) == ANSWERED


def test_of_two_requests_with_other_references_the_later_is_answered_at_its_time(
    tables: Tables,
) -> None:
    """They are two messages, and one response answers both."""
    other = record("0200", "ing_other", de37=None)
    for each in (REQUEST, other, RESPONSE):
        admit(tables, each)

    assert state(tables, other) == WAITS
    assert time_out(tables) == []
    assert state(tables, other) == state(tables) == ANSWERED


# --- at one time, and with crashes between


@pytest.mark.parametrize("order", list(orders("request", 4, "response", 3)), ids=" ".join)
def test_whatever_the_order_of_their_writes_the_request_is_answered_at_once(
    tables: Tables, order: tuple[str, ...]
) -> None:
    calls = {
        "request": lambda: admit(tables, REQUEST),
        "response": lambda: admit(tables, RESPONSE),
    }

    told = together(tables.dynamodb, order, calls)

    assert told["response"] is None
    assert told["request"] is not None
    assert state(tables) == ANSWERED


def crashes() -> Iterator[tuple[Received, str, int]]:
    for first in (REQUEST, RESPONSE):
        for moment in ("before", "after"):
            yield from ((first, moment, number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("first", "moment", "number"),
    list(crashes()),
    ids=lambda value: value.mti if isinstance(value, Received) else str(value),
)
@pytest.mark.parametrize("repeated", ["at once", "after the other"])
def test_a_crash_anywhere_is_made_good_by_the_repetition(
    tables: Tables, first: Received, moment: str, number: int, repeated: str
) -> None:
    second = RESPONSE if first is REQUEST else REQUEST
    done = crash(tables, first, moment, number)

    again = [first, second] if repeated == "at once" else [second, first]
    told = {each.ingest_id: admit(tables, each) for each in again}

    assert state(tables) == ANSWERED, done
    assert told[RESPONSE.ingest_id] is None


def crash(tables: Tables, each: Received, moment: str, number: int) -> list[str]:
    """The process dies at its so manieth write, or is done before."""
    done: list[str] = []

    def hook(operation: str) -> None:
        done.append(operation)
        if len(done) == number:
            raise Crash

    setattr(tables.dynamodb, moment, hook)
    try:
        admit(tables, each)
    except Crash:
        pass
    finally:
        tables.dynamodb.before = tables.dynamodb.after = nothing
    return done


@pytest.mark.parametrize("number", [2, 3])
def test_a_request_that_died_before_it_entered_its_pair_is_answered_at_its_time(
    tables: Tables, number: int
) -> None:
    """Nobody gives it to Deduplicate again: its letter lies about, and it has a row."""
    crash(tables, REQUEST, "before" if number == 3 else "after", number)
    admit(tables, RESPONSE)
    assert state(tables) == WAITS

    assert time_out(tables) == []
    assert state(tables) == ANSWERED
    assert sent(tables) == []


# --- when its time is over


def test_before_its_time_nothing_happens(tables: Tables) -> None:
    admit(tables, REQUEST)

    assert time_out(tables, timedelta(minutes=14)) == []
    assert state(tables) == WAITS


def test_when_its_time_is_over_it_goes_on_once(tables: Tables) -> None:
    admit(tables, REQUEST)

    assert time_out(tables) == [REQUEST.ingest_id]
    assert state(tables) == WENT_ON
    assert row(tables)["history"][-1]["by"] == "timers"
    assert time_out(tables, timedelta(minutes=20)) == []
    assert sent(tables) == [REQUEST.ingest_id]


def test_a_dry_run_says_who_would_go_on_and_does_nothing(tables: Tables) -> None:
    admit(tables, REQUEST)

    assert time_out(tables, dry_run=True) == [REQUEST.ingest_id]
    assert (state(tables), sent(tables)) == (WAITS, [])


def test_one_that_is_answered_or_discarded_has_no_timer_left(tables: Tables) -> None:
    discarded = record("0200", "ing_discarded", de11="000777")
    for each in (REQUEST, RESPONSE, discarded):
        admit(tables, each)
    assert tables.parked.discard(discarded.ingest_id, {"state": "DISCARDED", "at": AT, "by": "me"})

    assert not any("due_shard" in each for each in tables.dynamodb.rows("parked"))
    assert time_out(tables) == []


def test_a_response_after_its_time_goes_on_and_leaves_the_request_as_it_is(
    tables: Tables,
) -> None:
    admit(tables, REQUEST)
    time_out(tables)

    assert admit(tables, RESPONSE) is None
    assert state(tables) == WENT_ON
    assert tables.pairs.get(key(REQUEST) or "") == Pair(
        request=REQUEST.ingest_id, response=RESPONSE.ingest_id
    )


def test_one_that_went_on_is_not_made_to_wait_again(tables: Tables) -> None:
    admit(tables, REQUEST)
    time_out(tables)

    assert admit(tables, REQUEST) is None
    assert state(tables) == WENT_ON


@pytest.mark.parametrize("order", list(orders("timer", 3, "response", 3)), ids=" ".join)
def test_a_response_that_comes_with_the_timer_goes_on_whoever_is_first(
    tables: Tables, order: tuple[str, ...]
) -> None:
    admit(tables, REQUEST)
    calls = {"timer": lambda: time_out(tables), "response": lambda: admit(tables, RESPONSE)}

    told = together(tables.dynamodb, order, calls)

    assert told["response"] is None
    went_on = told["timer"] == [REQUEST.ingest_id]
    assert state(tables) == (WENT_ON if went_on else ANSWERED)
    assert sent(tables) == ([REQUEST.ingest_id] if went_on else [])


def test_one_that_cannot_be_read_does_not_keep_the_others(tables: Tables) -> None:
    broken = record("0200", "ing_broken", de11="000777")
    for each in (broken, REQUEST):
        admit(tables, each)
    damaged = row(tables, broken) | {"cain": "{"}
    tables.dynamodb.put_item(TableName="parked", Item=to_item(damaged))

    with pytest.raises(Exception, match="ing_broken"):
        time_out(tables)
    assert sent(tables) == [REQUEST.ingest_id]
