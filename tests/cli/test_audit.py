"""Each invariant finds what breaks it: one broken thing at a time in books in good order."""

import copy
import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.audit.invariants import check
from cli.audit.reading import Books
from domain.events import TransactionPostingSuspended
from samples.event_story import BLOCKED_PURCHASE, Story
from samples.invocations import header_row
from samples.make_events import bookings
from tests.cli.sample_books import (
    ALICE,
    CHANGED,
    NOW,
    PURCHASE,
    PURCHASE_HEADER,
    REJECTED,
    REPEAT,
    SUSPENDED,
    SUSPENSE_HEADER,
    Row,
    books,
    customer_row,
    event_of,
    internal_row,
    line,
    parked,
    record,
)

EVENTS = Path(__file__).parents[2] / "events"
REQUEST = "ing_request"


def breaks(broken: Books) -> dict[int, list[str]]:
    """Invariant -> ids of what breaks it, without the invariants that hold."""
    return {number: [each.id for each in found] for number, found in check(broken).items() if found}


def says(broken: Books, number: int) -> list[str]:
    return [each.what for each in check(broken)[number]]


def balance(of: Books, account: str) -> Row:
    return next(row for row in of.balances if row["account"] == account)


def test_books_in_good_order_break_nothing() -> None:
    assert breaks(books()) == {}


# 1: conservation


def test_a_leg_of_another_amount_is_found_as_money_made() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["legs"][0]["amount"] = 4501

    assert breaks(broken)[1] == [PURCHASE_HEADER]


def test_a_leg_in_another_currency_is_found_in_both_currencies() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["legs"][1]["currency"] = "USD"

    assert breaks(broken)[1] == [PURCHASE_HEADER, PURCHASE_HEADER]


def test_legs_that_cancel_out_across_layers_are_found() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["legs"][1]["layer"] = "pending"

    assert breaks(broken)[1] == [PURCHASE_HEADER, PURCHASE_HEADER]


def test_a_balanced_pair_of_negative_legs_is_found() -> None:
    broken = books()
    for leg in broken.headers[PURCHASE_HEADER]["legs"]:
        leg["amount"] = -4500

    assert breaks(broken)[1] == [PURCHASE_HEADER, PURCHASE_HEADER]


def test_a_leg_that_is_neither_debit_nor_credit_is_found() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["legs"][1]["side"] = "c"

    assert says(broken, 1) == ["leg 2 is neither debit nor credit"]


# 2: exactly once


def test_two_bookings_of_one_message_are_found() -> None:
    broken = books()
    twin = broken.headers[PURCHASE_HEADER] | {"pk": "J#other", "ingest_id": "ing_other"}
    broken.headers["J#other"] = twin

    assert breaks(broken)[2] == ["msg_purchase"]


def test_two_bookings_for_one_record_are_found() -> None:
    broken = books()
    broken.headers["J#other"] = broken.headers[PURCHASE_HEADER] | {
        "pk": "J#other",
        "msg_id": "msg_other",
    }

    assert breaks(broken)[2] == [PURCHASE]


def test_a_release_of_a_suspense_booking_is_no_second_booking() -> None:
    released = books()
    released.headers["J#msg_suspended#RESOLVE"] = released.headers[SUSPENSE_HEADER] | {
        "pk": "J#msg_suspended#RESOLVE",
        "purpose": "RETURN",
    }

    assert 2 not in breaks(released)


@pytest.mark.parametrize(
    ("reason", "state"), [("REJECTED", "PARKED"), ("INVALID", "PARKED"), ("FAILED", "DISCARDED")]
)
def test_a_booking_beside_a_refusal_is_found(reason: str, state: str) -> None:
    broken = books()
    broken.parked[PURCHASE] = parked(PURCHASE, reason, "X", state=state)

    assert breaks(broken)[2] == [PURCHASE]


def test_a_refusal_that_somebody_released_may_be_booked() -> None:
    released = books()
    released.parked[PURCHASE] = parked(PURCHASE, "REJECTED", "ACCOUNT_ON_HOLD", state="RELEASED")

    assert 2 not in breaks(released)


def test_a_failure_that_its_booking_mended_is_no_break() -> None:
    mended = books()
    mended.parked[PURCHASE] = parked(PURCHASE, "FAILED", "X", state="RESOLVED")

    assert breaks(mended) == {}


# 3: nothing lost


def paired() -> Books:
    """With a request that the purchase answered."""
    found = books()
    asked = found.inbox[PURCHASE] | {"ingest_id": REQUEST, "msg_id": "msg_request", "mti": "0200"}
    found.inbox[REQUEST] = asked
    answered = parked(REQUEST, "PENDING_MATCH", "NO_RESPONSE", state="RESOLVED")
    facts = {"response": PURCHASE, "msg_id": "msg_request", "due_at": "2026-11-20T12:15:00Z"}
    found.parked[REQUEST] = asked | answered | facts
    return found


def test_a_request_that_its_response_answered_has_its_outcome() -> None:
    assert breaks(paired()) == {}


def test_an_answer_by_a_record_that_nobody_received_is_found() -> None:
    broken = paired()
    broken.parked[REQUEST]["response"] = "ing_nobody"

    assert says(broken, 3) == ["answered by ing_nobody, which nobody received"]


def test_an_answer_by_another_pair_s_response_is_found() -> None:
    broken = paired()
    cain = broken.parked[REQUEST]["cain"]
    broken.parked[REQUEST]["cain"] = cain.replace('"000123"', '"000124"')

    assert says(broken, 3) == [f"answered by {PURCHASE}, which is no response to it"]


def test_a_request_that_is_booked_is_found() -> None:
    broken = paired()
    broken.headers[PURCHASE_HEADER]["ingest_id"] = REQUEST

    assert f"a request is booked, as {PURCHASE_HEADER}" in says(broken, 3)


def test_a_record_that_waits_is_under_way_until_its_end_is_late() -> None:
    waits = paired()
    waits.parked[REQUEST] |= {"state": "PARKED"}
    due = NOW.replace(hour=12, minute=15)

    assert breaks(dataclasses.replace(waits, at=due + timedelta(minutes=30))) == {}
    late = dataclasses.replace(waits, at=due + timedelta(minutes=31))
    assert says(late, 3) == ["its time was over at 2026-11-20T12:15:00Z, and it waits"]


def test_a_record_without_an_outcome_is_found_and_may_be_late() -> None:
    broken = books()
    broken.inbox["ing_lost"] = record("ing_lost", "msg_lost", "print", 100)

    (found,) = check(broken)[3]

    assert (found.id, found.heals) == ("ing_lost", True)


def test_opening_money_that_is_under_way_is_found_and_may_be_late() -> None:
    broken = books()
    broken.balances.append(customer_row("cust:A-3", 0, 0, 0) | {"opening_due": 700})

    (late,) = check(broken)[3]
    assert (late.id, late.heals) == ("B#cust:A-3#EUR", True)
    assert "700 EUR minor units" in late.what
    assert "load the account's row again" in late.what


def test_a_row_that_waits_for_opening_money_which_is_booked_is_found() -> None:
    broken = books()
    balance(broken, ALICE)["opening_due"] = 10_000

    (found,) = check(broken)[3]
    assert (found.id, found.heals) == (f"B#{ALICE}#EUR", False)


def test_opening_money_for_a_closed_account_is_found() -> None:
    broken = books()
    closed = customer_row("cust:A-3", 0, 0, 0) | {"opening_due": 700, "status": "CLOSED"}
    broken.balances.append(closed)

    assert breaks(broken)[6] == ["B#cust:A-3#EUR"]


def test_a_released_record_is_in_flight_again() -> None:
    broken = books()
    broken.parked[REJECTED]["state"] = "RELEASED"

    assert breaks(broken)[3] == [REJECTED]


def test_a_booking_of_another_amount_than_its_message_is_found() -> None:
    broken = books()
    broken.inbox[SUSPENDED] = record(SUSPENDED, "msg_suspended", "print of ing_suspended", 2001)

    assert breaks(broken) == {3: [SUSPENDED]}


def test_a_booking_for_a_record_that_nobody_received_is_found() -> None:
    broken = books()
    del broken.inbox[SUSPENDED]

    assert breaks(broken) == {3: [SUSPENSE_HEADER]}


def test_a_booking_may_outlive_its_inbox_row() -> None:
    old = dataclasses.replace(books(), at=NOW + timedelta(days=400))
    del old.inbox[SUSPENDED]

    assert breaks(old) == {}


# 4: no orphan legs


def test_a_missing_leg_is_found() -> None:
    broken = books()
    broken.headers[SUSPENSE_HEADER]["legs"].pop()

    assert "legs 1 of 2" in says(broken, 4)


def test_a_changed_account_is_found_by_the_checksum() -> None:
    broken = books()
    broken.headers[SUSPENSE_HEADER]["legs"][0]["account"] = "susp:OTHER:EUR"

    found = check(broken)[4]

    assert [(each.id, "checksum" in each.what) for each in found] == [(SUSPENSE_HEADER, True)]


def test_totals_that_are_not_the_sums_are_found() -> None:
    broken = books()
    broken.headers[SUSPENSE_HEADER]["totals"] = {"EUR": 1}

    assert breaks(broken) == {4: [SUSPENSE_HEADER], 13: [SUSPENSE_HEADER]}


def test_a_booking_without_its_statement_line_is_found() -> None:
    broken = books()
    broken.lines[:] = [each for each in broken.lines if each["header_id"] != PURCHASE_HEADER]

    assert breaks(broken)[4] == [PURCHASE_HEADER]


def test_a_statement_line_without_a_booking_is_found() -> None:
    broken = books()
    broken.lines.append(line(ALICE, 3, "J#gone", 1, 5501))

    assert breaks(broken)[4] == [f"S#{ALICE}#EUR 000000000003"]


def test_a_statement_line_of_another_amount_is_found() -> None:
    broken = books()
    broken.lines[1]["amount"] = -4600

    assert breaks(broken)[4] == [PURCHASE_HEADER]


def test_a_booking_with_two_statement_lines_is_found() -> None:
    broken = books()
    broken.lines.append(line(ALICE, 3, PURCHASE_HEADER, -4500, 1000))

    assert f"S#{ALICE}#EUR 000000000003" in breaks(broken)[4]


def test_customer_legs_that_moved_no_balance_are_found() -> None:
    broken = books()
    del broken.headers[PURCHASE_HEADER]["customer"]

    assert PURCHASE_HEADER in breaks(broken)[4]


def test_a_fold_of_a_header_that_does_not_exist_is_found() -> None:
    broken = dataclasses.replace(books(), markers=books().markers | {"J#gone"})

    assert breaks(broken) == {4: ["F#J#gone"]}


def test_an_effect_that_is_not_the_sum_of_its_legs_is_found() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["customer"]["net"] = -4400
    broken.lines[1]["amount"] = -4400

    assert says(broken, 4) == ["the balance moved by another amount than its legs"]


# 5: balance = entries


@pytest.mark.parametrize("side", ["posted_d", "posted_c"])
@pytest.mark.parametrize("account", [ALICE, "settle:VISA:EUR"])
def test_a_balance_that_is_not_the_sum_of_its_entries_is_found(account: str, side: str) -> None:
    broken = books()
    balance(broken, account)[side] += 1

    assert f"B#{account}#EUR" in breaks(broken)[5]


def test_equal_faults_on_both_sides_of_a_balance_are_found() -> None:
    broken = books()
    row = balance(broken, "settle:VISA:EUR")
    row["posted_d"] += 1
    row["posted_c"] += 1

    assert breaks(broken) == {5: ["B#settle:VISA:EUR#EUR"] * 2}


def test_entries_without_a_balance_row_are_found() -> None:
    broken = books()
    broken.balances.remove(balance(broken, "nostro:EUR"))

    assert breaks(broken) == {5: ["B#nostro:EUR#EUR"]}


def test_a_balance_without_any_entry_is_found() -> None:
    broken = books()
    broken.balances.append(internal_row("inc:cash_fee", 0, 250))

    assert breaks(broken) == {5: ["B#inc:cash_fee#EUR"]}


def test_a_header_not_folded_yet_is_late_and_its_balance_is_right_without_it() -> None:
    late = dataclasses.replace(books(), markers=books().markers - {SUSPENSE_HEADER})
    balance(late, "settle:VISA:EUR")["posted_c"] -= 2000
    late.balances.remove(balance(late, "susp:UNKNOWN_ACCOUNT:EUR"))

    (found,) = check(late)[5]

    assert (found.id, found.heals) == (SUSPENSE_HEADER, True)


def test_a_header_folded_without_its_marker_is_found() -> None:
    broken = dataclasses.replace(books(), markers=books().markers - {SUSPENSE_HEADER})

    assert "B#settle:VISA:EUR#EUR" in breaks(broken)[5]


def test_a_gap_in_a_statement_is_found() -> None:
    broken = books()
    broken.lines[1]["sk"] = "000000000003"

    assert f"S#{ALICE}#EUR" in breaks(broken)[5]


def test_a_running_balance_that_does_not_add_up_is_found() -> None:
    broken = books()
    broken.lines[1]["balance_after"] = 5501

    assert f"S#{ALICE}#EUR" in breaks(broken)[5]


def test_a_row_that_counts_other_postings_than_its_statement_has_is_found() -> None:
    broken = books()
    balance(broken, ALICE)["posting_no"] = 3

    assert breaks(broken) == {5: [f"S#{ALICE}#EUR"]}


def test_a_last_line_that_is_not_the_balance_is_found() -> None:
    broken = books()
    balance(broken, ALICE)["posted_c"] = 9_999

    assert "the last line says 5500, the balance row 5499" in says(broken, 5)


def test_a_statement_without_a_balance_row_is_found() -> None:
    broken = books()
    broken.lines.append(line("cust:A-3", 1, "J#gone", 1, 1))

    assert says(broken, 5) == ["a statement without a balance row"]


# 6: available


@pytest.mark.parametrize(("field", "value"), [("available", 1), ("overdraft_limit", 0)])
def test_available_money_that_does_not_add_up_is_found(field: str, value: int) -> None:
    broken = books()
    balance(broken, ALICE)[field] = value

    assert breaks(broken) == {6: [f"B#{ALICE}#EUR"]}


def test_a_negative_hold_is_found_although_available_money_adds_up() -> None:
    broken = books()
    balance(broken, ALICE)["held"] = -100
    balance(broken, ALICE)["available"] += 100

    assert breaks(broken) == {6: [f"B#{ALICE}#EUR"]}


# 7: duplicates are parked


@pytest.mark.parametrize("original", [None, "ing_unknown", REPEAT])
def test_a_repeat_that_points_nowhere_is_found(original: str | None) -> None:
    broken = books()
    broken.parked[REPEAT]["original"] = original

    assert breaks(broken) == {7: [REPEAT]}


def test_a_repeat_that_was_booked_all_the_same_is_found() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["ingest_id"] = REPEAT

    assert REPEAT in breaks(broken)[7]


def test_a_changed_message_parked_as_a_duplicate_is_found() -> None:
    broken = books()
    broken.parked[CHANGED]["reason"] = "DUPLICATE"

    assert breaks(broken) == {7: [CHANGED]}


def test_a_plain_repeat_parked_as_a_conflict_is_found() -> None:
    broken = books()
    broken.parked[REPEAT]["reason"] = "CONFLICT"

    assert breaks(broken) == {7: [REPEAT]}


def test_a_distinct_message_parked_as_a_repeat_is_found() -> None:
    broken = books()
    broken.parked[REPEAT]["msg_id"] = "msg_other"

    assert breaks(broken) == {7: [REPEAT]}


def test_two_records_of_one_message_that_both_went_on_are_found() -> None:
    broken = books()
    del broken.parked[REPEAT]

    assert breaks(broken)[7] == ["msg_purchase"]


def test_distinct_messages_of_equal_content_are_no_repeats() -> None:
    equal = books()
    equal.inbox["ing_equal"] = record("ing_equal", "msg_equal", "print of ing_purchase", 4500)

    assert 7 not in breaks(equal)


def test_a_repeat_released_as_distinct_is_no_repeat() -> None:
    released = books()
    released.parked[CHANGED] |= {"state": "RELEASED", "msg_id": "msg_distinct"}

    assert 7 not in breaks(released)


# 13: events = ledger


def test_a_booking_that_nobody_heard_of_is_late() -> None:
    broken = books()
    broken.announced.pop()

    (found,) = check(broken)[13]

    assert (found.id, found.heals) == (SUSPENSE_HEADER, True)


def test_a_delivery_may_repeat() -> None:
    repeated = books()
    repeated.announced.append(event_of(repeated.headers[PURCHASE_HEADER]))

    assert breaks(repeated) == {}


def test_fields_that_a_reader_does_not_know_are_no_break() -> None:
    newer = books()
    newer.announced[0]["data"]["added_later"] = 1

    assert breaks(newer) == {}


def test_two_different_events_for_one_booking_are_found() -> None:
    broken = books()
    twin = event_of(broken.headers[PURCHASE_HEADER])
    twin["meta"]["event_id"] = "another"
    broken.announced.append(twin)

    assert says(broken, 13) == [
        "announced as 2 different events",
        "event another is not the header's own id",
    ]


def test_an_event_that_says_otherwise_than_its_header_is_found() -> None:
    broken = books()
    broken.announced[2]["data"]["legs"][0]["amount"] = 1

    (found,) = check(broken)[13]

    assert (found.id, found.what) == (PURCHASE_HEADER, "its event says otherwise: legs")


def test_two_deliveries_of_one_event_that_differ_are_found() -> None:
    broken = books()
    changed = event_of(broken.headers[PURCHASE_HEADER])
    changed["meta"]["business_time"] = "2026-11-20T10:11:13Z"
    broken.announced.append(changed)

    (said,) = says(broken, 13)

    assert "delivered with two contents" in said


def test_an_event_without_a_booking_is_found() -> None:
    broken = books()
    stray = event_of(broken.headers[PURCHASE_HEADER])
    stray["data"]["header_id"] = "J#gone"
    broken.announced.append(stray)

    assert breaks(broken) == {13: ["J#gone"]}


# 12: determinism


def decided(story: Story, kind: type[TransactionPostingSuspended]) -> Row:
    event = story.decided(kind)
    return {"detail_type": kind.detail_type(), "detail": json.loads(event.to_detail())}


def suspended_by_the_code() -> Row:
    """The sample's suspense booking, as its header is stored."""
    return json.loads(json.dumps(header_row(bookings()[1])))  # type: ignore[no-any-return]


def test_a_booking_that_its_own_record_would_not_make_is_found() -> None:
    good, broken = books(), books()
    header = suspended_by_the_code()
    good.headers[header["pk"]] = header
    changed = copy.deepcopy(header)
    changed["legs"][0]["account"] = "susp:NO_RATE:EUR"
    broken.headers[header["pk"]] = changed

    assert check(good)[12] == []
    assert [each.id for each in check(broken)[12]] == [header["pk"]]


def test_a_second_booking_of_a_message_for_one_purpose_is_found() -> None:
    broken = books()
    again = broken.headers[PURCHASE_HEADER] | {"pk": "J#other", "header_id": "J#other"}
    broken.headers["J#other"] = again

    assert [each.id for each in check(broken)[12]] == ["J#other"]


def test_a_correction_may_be_corrected_and_each_header_once() -> None:
    good, broken = books(), books()
    correction = {"purpose": "CORRECT", "corrects": PURCHASE_HEADER}
    first, second = f"{PURCHASE_HEADER}#CORRECT", f"{PURCHASE_HEADER}#CORRECT#CORRECT"
    wrong = good.headers[PURCHASE_HEADER]
    for ledger in (good, broken):
        ledger.headers[first] = wrong | correction | {"pk": first}
    good.headers[second] = wrong | correction | {"pk": second, "corrects": first}
    broken.headers["J#other"] = wrong | correction | {"pk": "J#other"}

    assert check(good)[12] == []
    assert [each.id for each in check(broken)[12]] == ["J#other"]


def test_a_leg_that_was_said_has_the_id_of_its_sender() -> None:
    ledger = books()
    said = json.loads((EVENTS / "PostingLegCreated.json").read_text())
    ledger.told.append({"detail_type": said["detail-type"], "detail": said["detail"]})

    assert check(ledger)[12] == []


def test_an_event_under_another_id_than_its_record_gives_is_found() -> None:
    broken = books()
    event = decided(BLOCKED_PURCHASE, TransactionPostingSuspended)
    broken.told.append(copy.deepcopy(event))
    assert check(broken)[12] == []

    event["detail"]["meta"]["event_id"] = "00000000-0000-5000-8000-000000000000"
    broken.told.append(event)

    assert [each.id for each in check(broken)[12]] == [BLOCKED_PURCHASE.received.ingest_id]


def test_money_on_a_closed_account_is_found() -> None:
    broken = books()
    (row,) = [each for each in broken.balances if each["pk"] == f"B#{ALICE}#EUR"]
    row["status"] = "CLOSED"

    assert breaks(broken) == {6: [row["pk"]]}
