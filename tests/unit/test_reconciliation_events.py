"""Events = journal, on plain rows: each header is announced once, and nothing else is."""

from datetime import timedelta
from typing import Any

import msgspec

from adapters.journal import stored_header
from domain.events import Posted, TransactionPosted
from domain.reconciliation import REPUBLISH, Total
from domain.reconciliation_events import Announcements, compare_events, hear, without_header
from tests.cli.sample_books import NOW, PURCHASE_HEADER, books

LATER = NOW + timedelta(minutes=1)


def headers() -> list[Posted]:
    return [stored_header(row).posted for row in books().headers.values()]


def heard(*details: dict[str, Any]) -> Announcements:
    """As it comes from the audit trail."""
    made: Announcements = {}
    for detail in details:
        hear(made, msgspec.json.decode(msgspec.json.encode(detail), type=TransactionPosted))
    return made


def test_every_header_and_its_event_agree() -> None:
    found = compare_events(headers(), heard(*books().announced), LATER)

    assert found.breaks == []
    assert found.totals.by_side["booked"] == found.totals.by_side["announced"]
    assert found.totals.by_side["booked"]["EUR"] == Total(count=4, amount=21_500)


def test_an_event_that_was_delivered_twice_counts_once() -> None:
    twice = heard(*books().announced, *books().announced)

    assert compare_events(headers(), twice, LATER).totals.by_side["announced"]["EUR"].count == 4


def test_a_header_that_nobody_heard_of_is_announced_again() -> None:
    trail = heard(*books().announced)
    del trail[PURCHASE_HEADER]

    found = compare_events(headers(), trail, LATER)

    (only,) = found.breaks
    assert (only.kind, only.id, only.repair) == ("NOT_ANNOUNCED", PURCHASE_HEADER, REPUBLISH)
    assert found.totals.by_side["announced"]["EUR"] == Total(count=3, amount=17_000)


def test_a_young_header_may_not_be_in_the_trail_yet() -> None:
    found = compare_events(headers(), {}, overdue_before=NOW)

    assert found.breaks == []
    assert found.notes == {"not in the audit trail yet": 4}


def test_an_event_that_says_otherwise_is_for_a_person() -> None:
    details = books().announced
    details[2]["data"]["totals"]["EUR"] = 4_501

    (only,) = compare_events(headers(), heard(*details), LATER).breaks

    assert (only.kind, only.id, only.repair) == ("EVENT_DIFFERS", PURCHASE_HEADER, None)
    assert "says otherwise" in only.what


def test_a_second_event_of_a_header_is_for_a_person() -> None:
    details = books().announced
    other = msgspec.json.decode(msgspec.json.encode(details[2]))
    other["meta"]["event_id"] = "0b9c0d8e-0000-4000-8000-000000000000"

    found = compare_events(headers(), heard(*details, other), LATER)

    assert [(each.kind, each.id) for each in found.breaks] == [("EVENT_DIFFERS", PURCHASE_HEADER)]
    assert "not its own event" in found.breaks[0].what


def test_an_event_without_a_header_is_for_a_person() -> None:
    found = without_header(heard(books().announced[2]))

    (only,) = found.breaks
    assert (only.kind, only.id, only.repair) == ("EVENT_WITHOUT_HEADER", PURCHASE_HEADER, None)
    assert found.totals.by_side["announced"]["EUR"] == Total(count=1, amount=4_500)


def test_fields_that_a_newer_producer_adds_are_no_difference() -> None:
    details = books().announced
    details[0]["data"]["new_field"] = "new"

    assert compare_events(headers(), heard(*details), LATER).breaks == []
