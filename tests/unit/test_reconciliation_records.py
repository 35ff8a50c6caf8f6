"""Records = outcomes, on plain rows: every record has its side, and the sides add up."""

from datetime import timedelta
from typing import Any

from adapters.journal import stored_header
from cli.audit.reading import Books
from domain.events import Posted
from domain.over_clearing import Excess
from domain.reconciliation import SWEEP, Break, Findings, Total
from domain.reconciliation_records import compare_records
from tests.cli.sample_books import CHANGED, NOW, PURCHASE, REJECTED, REPEAT, SUSPENDED, books

OVERDUE_BEFORE = NOW - timedelta(minutes=3)  # after the sample records' reception


def booked(of: Books) -> dict[str, Posted]:
    headers = (stored_header(row).posted for row in of.headers.values())
    return {each.ingest_id: each for each in headers if each.purpose != "OPENING"}


def compared(of: Books, overdue_before: Any = OVERDUE_BEFORE) -> Findings:
    return compare_records(of.inbox.values(), booked(of), of.parked, overdue_before)


def kinds(found: Findings) -> list[tuple[str, str]]:
    return [(each.kind, each.id) for each in found.breaks]


def test_every_record_stands_on_the_side_of_its_outcome() -> None:
    found = compared(books())

    assert found.breaks == []
    assert found.looked_at == 5
    assert found.totals.by_side == {
        "received": {"EUR": Total(count=5, amount=16_300)},
        "booked": {"EUR": Total(count=1, amount=4_500)},
        "suspended": {"EUR": Total(count=1, amount=2_000)},
        "rejected": {"EUR": Total(count=1, amount=700)},
        "parked DUPLICATE": {"EUR": Total(count=1, amount=4_500)},
        "parked CONFLICT": {"EUR": Total(count=1, amount=4_600)},
    }


def test_what_was_received_is_the_sum_of_the_other_sides() -> None:
    found = compared(books())

    sums = {side: by_currency["EUR"] for side, by_currency in found.totals.by_side.items()}
    received = sums.pop("received")
    assert received.count == sum(each.count for each in sums.values())
    assert received.amount == sum(each.amount for each in sums.values())


def test_a_record_without_an_outcome_is_to_be_swept() -> None:
    broken = books()
    del broken.headers["J#msg_suspended"]

    found = compared(broken)

    (only,) = found.breaks
    assert (only.kind, only.id, only.repair) == ("NO_OUTCOME", SUSPENDED, SWEEP)
    assert found.totals.by_side["without an outcome"]["EUR"] == Total(count=1, amount=2_000)


def test_a_repeat_whose_parked_row_is_gone_is_to_be_swept() -> None:
    broken = books()
    del broken.parked[REPEAT]

    assert kinds(compared(broken)) == [("NO_OUTCOME", REPEAT)]


def test_a_young_record_is_in_flight() -> None:
    broken = books()
    del broken.parked[REJECTED]

    found = compared(broken, overdue_before=NOW - timedelta(minutes=6))

    assert found.breaks == []
    assert found.totals.by_side["in flight"]["EUR"] == Total(count=1, amount=700)


def test_a_released_record_is_in_flight_from_its_release_on() -> None:
    broken = books()
    history = [{"state": "RELEASED", "at": "2026-11-20T12:04:00.000+00:00", "by": "a person"}]
    broken.parked[CHANGED] |= {"state": "RELEASED", "history": history}

    assert kinds(compared(broken)) == []
    assert kinds(compared(broken, overdue_before=NOW)) == [("NO_OUTCOME", CHANGED)]


def test_a_discarded_record_keeps_its_reason() -> None:
    broken = books()
    broken.parked[CHANGED]["state"] = "DISCARDED"

    assert compared(broken).totals.by_side["parked CONFLICT"]["EUR"].count == 1


def test_a_booking_of_another_amount_is_for_a_person() -> None:
    broken = books()
    leg = next(leg for leg in broken.headers["J#msg_purchase"]["legs"] if leg["side"] == "C")
    leg["amount"] = 4_400

    found = compared(broken)

    assert kinds(found) == [("AMOUNT_DIFFERS", PURCHASE)]
    assert found.breaks[0].repair is None
    assert "4500 EUR" in found.breaks[0].what
    assert "4400" in found.breaks[0].what


def test_a_record_that_is_booked_and_rejected_is_for_a_person() -> None:
    broken = books()
    broken.parked[PURCHASE] = broken.parked[REJECTED] | {"ingest_id": PURCHASE}

    (only,) = compared(broken).breaks
    assert only == Break(
        kind="BOOKED_AND_REFUSED",
        id=PURCHASE,
        what="J#msg_purchase is booked, and the record is PARKED REJECTED",
    )


def test_a_refusal_that_somebody_released_may_be_booked() -> None:
    released = books()
    row = released.parked[REJECTED] | {"ingest_id": PURCHASE, "state": "RELEASED"}
    released.parked[PURCHASE] = row

    assert compared(released).breaks == []


def test_a_failed_row_that_a_booking_resolved_counts_as_booked() -> None:
    broken = books()
    failed = broken.parked[REJECTED] | {"reason": "FAILED", "state": "RESOLVED"}
    broken.parked[PURCHASE] = failed | {"ingest_id": PURCHASE}

    assert compared(broken).breaks == []


def test_a_request_that_its_response_answered_is_no_break() -> None:
    answered = books()
    row = {"reason": "PENDING_MATCH", "state": "RESOLVED", "response": PURCHASE}
    answered.parked[REJECTED] |= row

    found = compared(answered)

    assert found.breaks == []
    assert found.totals.by_side["answered"]["EUR"] == Total(count=1, amount=700)


def test_a_row_that_nothing_resolved_is_for_a_person() -> None:
    broken = books()
    broken.parked[REJECTED] |= {"reason": "FAILED", "state": "RESOLVED"}

    assert kinds(compared(broken)) == [("RESOLVED_BY_NOTHING", REJECTED)]


def test_an_excess_beyond_tolerance_is_for_a_person() -> None:
    of = books()
    found = compare_records(
        of.inbox.values(), booked(of), of.parked, OVERDUE_BEFORE, {PURCHASE: Excess(1500)}
    )

    (only,) = found.breaks
    assert (only.kind, only.id, only.repair) == ("OVER_CLEARED", PURCHASE, None)
    assert "1500 minor units" in only.what


def test_an_excess_that_a_person_has_accepted_is_told_and_is_no_break() -> None:
    of, excess = books(), {PURCHASE: Excess(0, accepted=1500)}
    found = compare_records(of.inbox.values(), booked(of), of.parked, OVERDUE_BEFORE, excess)

    assert found.breaks == []
    assert found.notes == {"cleared beyond tolerance, and accepted by a person": 1}


def test_what_is_left_of_an_excess_is_a_break_beside_what_is_accepted() -> None:
    of, excess = books(), {PURCHASE: Excess(500, accepted=1000)}
    found = compare_records(of.inbox.values(), booked(of), of.parked, OVERDUE_BEFORE, excess)

    (only,) = found.breaks
    assert "500 minor units" in only.what
    assert "beside 1000 that are accepted" in only.what


def test_a_reversal_of_what_never_came_is_for_a_person_until_it_is_discarded() -> None:
    broken = books()
    broken.parked[REJECTED]["code"] = "REVERSED_UNMATCHED"

    (only,) = compared(broken).breaks
    assert (only.kind, only.id, only.repair) == ("REVERSED_UNMATCHED", REJECTED, None)

    broken.parked[REJECTED]["state"] = "DISCARDED"
    assert compared(broken).breaks == []
