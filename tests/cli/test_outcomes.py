"""A record's outcome, the summary by outcome, and how long the stages took."""

import pytest

from cli.latency import percentile, rate, stage_latencies
from cli.outcomes import IN_FLIGHT, Outcome, outcome_of
from cli.summary import by_outcome
from domain.money import Money
from tests.cli.sample_books import PURCHASE, PURCHASE_HEADER, REPEAT, SUSPENDED, books


def test_a_record_with_its_own_header_is_posted() -> None:
    of = books()

    found = outcome_of(PURCHASE, of.inbox[PURCHASE], None, of.headers[PURCHASE_HEADER])

    assert (found.kind, found.why, found.amount) == ("POSTED", "CLEAR", Money(4500, "EUR"))


def test_a_header_of_another_record_is_not_its_outcome() -> None:
    of = books()

    found = outcome_of(REPEAT, of.inbox[REPEAT], of.parked[REPEAT], of.headers[PURCHASE_HEADER])

    assert (found.kind, found.why, found.original) == ("DUPLICATE", "REPEATED", PURCHASE)


def test_a_suspense_booking_says_its_reason() -> None:
    of = books()

    found = outcome_of(SUSPENDED, of.inbox[SUSPENDED], None, of.headers["J#msg_suspended"])

    assert (found.kind, found.why) == ("SUSPENDED", "UNKNOWN_ACCOUNT")


def test_a_released_record_is_in_flight() -> None:
    of = books()

    found = outcome_of(REPEAT, of.inbox[REPEAT], of.parked[REPEAT] | {"state": "RELEASED"}, None)

    assert found.kind == IN_FLIGHT
    assert not found.settled


def test_a_record_that_nobody_has_seen_yet_is_in_flight() -> None:
    assert outcome_of("ing_new", None, None, None).kind == IN_FLIGHT


def test_outcomes_are_counted_with_their_amounts_booked_ones_first() -> None:
    outcomes = [
        Outcome("a", "INVALID", "FORMAT"),
        Outcome("b", "POSTED", "CLEAR", Money(100, "EUR")),
        Outcome("c", "POSTED", "CLEAR", Money(5, "USD")),
        Outcome("d", "POSTED", "CLEAR", Money(20, "EUR")),
    ]

    assert [tuple(line) for line in by_outcome(outcomes)] == [
        ("POSTED", "CLEAR", 3, {"EUR": 120, "USD": 5}),
        ("INVALID", "FORMAT", 1, {}),
    ]


def booked(name: str, received: int, claimed: int, done: int) -> Outcome:
    def at(second: int) -> str:
        return f"2026-11-20T12:00:{second:02d}.000+00:00"

    return Outcome(
        name,
        "POSTED",
        "CLEAR",
        received_at=at(received),
        claimed_at=at(claimed),
        booked_at=at(done),
    )


def test_stages_are_measured_between_the_records_own_times() -> None:
    found = stage_latencies([booked("a", 0, 1, 3), booked("b", 0, 2, 8)])

    assert found["received to claimed"] == (1.0, 2.0, 2)
    assert found["claimed to booked"] == (2.0, 6.0, 2)
    assert found["received to booked"] == (3.0, 8.0, 2)


def test_a_record_that_was_not_booked_counts_for_no_stage() -> None:
    parked = Outcome("a", "DUPLICATE", "REPEATED", received_at="2026-11-20T12:00:00.000+00:00")

    assert stage_latencies([parked]) == {}
    assert rate([parked]) is None


def test_the_rate_spans_from_the_first_reception_to_the_last_booking() -> None:
    assert rate([booked("a", 0, 1, 3), booked("b", 0, 2, 8)]) == 2 / 8


@pytest.mark.parametrize(("share", "value"), [(50, 5), (95, 10), (100, 10), (1, 1)])
def test_a_percentile_is_a_value_that_occurred(share: int, value: float) -> None:
    assert percentile(list(range(1, 11)), share) == value


def test_a_request_that_is_answered_points_at_its_response() -> None:
    of = books()
    row = of.parked[REPEAT] | {"reason": "PENDING_MATCH", "state": "RESOLVED"}
    del row["original"]

    found = outcome_of(REPEAT, of.inbox[REPEAT], row | {"response": "ing_response"}, None)

    assert (found.kind, found.original, found.settled) == ("ANSWERED", "ing_response", True)


def test_what_waits_for_another_message_says_so() -> None:
    of = books()
    waits = of.parked[REPEAT] | {"reason": "PENDING_MATCH", "code": "NO_ORIGINAL"}

    found = outcome_of(REPEAT, of.inbox[REPEAT], waits, None)

    assert (found.kind, found.why, found.settled) == ("WAITING", "NO_ORIGINAL", True)
