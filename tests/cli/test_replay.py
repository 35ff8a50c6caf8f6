"""`replay`: which time and which events are meant, and what a record's outcomes say of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.audit.trail import Event
from cli.errors import UserError
from cli.outcomes import Outcome
from cli.replay import Window, chosen, concerned, window_of
from cli.replay_effect import APPLIED, CONFLICT, NO_OP, OPEN, effect, report

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
HOUR = Window(NOON - AN_HOUR, NOON)
ALL = (
    "TransactionAuthorized",
    "TransactionEnriched",
    "TransactionPostingApproved",
    "TransactionPostingSuspended",
)


def outcome(kind: str, header_id: str | None = None) -> Outcome:
    return Outcome(ingest_id="ing_1", kind=kind, why="", header_id=header_id)


POSTED, FAILED, DUPLICATE = outcome("POSTED", "J#1"), outcome("FAILED"), outcome("DUPLICATE")


class Lines:
    """A trail that gives these events, whatever hours are asked for."""

    def __init__(self, *events: Event) -> None:
        self.given = list(events)
        self.hours: list[tuple[datetime, datetime]] = []

    def events(self, since: datetime, until: datetime) -> list[Event]:
        self.hours.append((since, until))
        return self.given


def line(detail_type: str, record: str, at: datetime) -> Event:
    moment = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return Event(detail_type, {"meta": {"correlation_id": record}, "data": {}}, moment)


def test_a_window_is_a_span_of_the_past() -> None:
    found = window_of("2026-11-20T11:00:00Z", "2026-11-20T12:00:00+00:00", NOON + AN_HOUR)

    assert found == HOUR


def test_events_of_the_second_in_which_a_window_begins_belong_to_it() -> None:
    found = window_of("2026-11-20T11:00:00.900Z", "2026-11-20T12:00:00Z", NOON + AN_HOUR)

    assert found.since == HOUR.since


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-20T11:00:00Z", "2026-11-20T12:00:01Z", "is not in the past"),
        ("2026-11-20T11:00:00Z", "2026-11-20T11:00:00Z", "is not before --until"),
        ("2026-11-20T11:00:00", "2026-11-20T11:30:00Z", "has no time zone"),
        ("yesterday", "2026-11-20T11:30:00Z", "is no ISO time"),
    ],
)
def test_any_other_window_is_refused(since: str, until: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        window_of(since, until, NOON)


def test_without_types_all_that_the_money_path_takes_is_replayed() -> None:
    assert chosen([]) == ALL


def test_types_that_one_rule_takes_come_together() -> None:
    assert chosen(["TransactionPostingSuspended"]) == ALL[2:]
    assert chosen(["TransactionEnriched"]) == ("TransactionEnriched",)


def test_what_only_tells_is_not_replayed() -> None:
    with pytest.raises(UserError, match="TransactionPosted is not replayed"):
        chosen(["TransactionPosted"])


def test_the_records_are_those_of_the_events_of_that_time_and_type() -> None:
    trail: Any = Lines(
        line("TransactionAuthorized", "ing_early", HOUR.since - timedelta(seconds=1)),
        line("TransactionAuthorized", "ing_1", HOUR.since),
        line("TransactionEnriched", "ing_1", NOON),
        line("TransactionPosted", "ing_2", NOON),
        line("TransactionPostingApproved", "ing_late", NOON + timedelta(seconds=1)),
    )

    counts, ids = concerned(trail, HOUR, ALL)

    assert counts == {"TransactionAuthorized": 1, "TransactionEnriched": 1}
    assert ids == ["ing_1"]
    # An event may reach the trail later than the hour in which it was said.
    assert trail.hours == [(HOUR.since, NOON + AN_HOUR)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, POSTED, APPLIED),
        (None, DUPLICATE, APPLIED),
        (None, outcome("CONFLICT"), CONFLICT),
        (None, None, OPEN),
        (POSTED, POSTED, NO_OP),
        (DUPLICATE, DUPLICATE, NO_OP),
        (FAILED, POSTED, APPLIED),
        (DUPLICATE, POSTED, CONFLICT),
        (POSTED, outcome("SUSPENDED", "J#1"), CONFLICT),
    ],
)
def test_an_outcome_that_came_is_applied_and_one_that_changed_is_a_conflict(
    before: Outcome | None, after: Outcome | None, expected: str
) -> None:
    assert effect(before, after) == expected


def test_the_report_names_what_moved_and_counts_the_rest() -> None:
    told = report({"ing_1": POSTED}, {"ing_1": POSTED, "ing_2": POSTED}, ["ing_1", "ing_2", "x"])

    assert told == {APPLIED: ["ing_2"], NO_OP: 1, CONFLICT: [], OPEN: ["x"]}
