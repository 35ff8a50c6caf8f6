"""Journal = balances, on plain rows: sums, statements, what the fold has not reached yet."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from adapters.journal import stored_header
from cli.audit.reading import Books as Rows
from domain.reconciliation import FOLD, RESUM, Findings, Total
from domain.reconciliation_balances import Books
from tests.cli.sample_books import ALICE, BOB, NOW, PURCHASE_HEADER, SUSPENSE_HEADER, books

KEY = f"{ALICE}#EUR"
SETTLE = "settle:VISA:EUR#EUR"


def compared(
    of: Rows,
    *,
    read_at: datetime = NOW + timedelta(minutes=10),
    folds_meanwhile: int = 0,
    opened_meanwhile: bool = False,
) -> Findings:
    """All in one page; `read_at` is when the rows were read, after the sample bookings."""
    found = Findings()
    kept = Books(
        overdue_before=(NOW + timedelta(minutes=1)).isoformat(),
        late_from=(read_at - timedelta(minutes=2)).isoformat(),
        late_until=read_at.isoformat(),
        fold_no=4,
    )
    kept.take_rows(of.balances)
    for line in of.lines:
        kept.take_line(line)
    lines = {line["header_id"]: line for line in of.lines}
    for header_id, row in of.headers.items():
        header = stored_header(row).posted
        kept.take_header(header, lines.get(header_id), folded=header_id in of.markers, found=found)
    without_row = [] if opened_meanwhile else kept.without_row()
    kept.close(found, fold_no=4 + folds_meanwhile, without_row=without_row)
    return found


def row_of(of: Rows, key: str) -> dict[str, object]:
    return next(row for row in of.balances if row["pk"] == f"B#{key}")


def kinds(found: Findings) -> list[tuple[str, str]]:
    return [(each.kind, each.id) for each in found.breaks]


def test_books_in_good_order_agree_on_both_sides() -> None:
    found = compared(books())

    assert found.breaks == []
    assert found.looked_at == 4
    assert found.totals.by_side["booked"]["EUR"].amount == 21_500
    assert found.totals.by_side["balances"]["EUR"].amount == 21_500


@pytest.mark.parametrize("side", ["posted_d", "posted_c"])
def test_a_customer_s_row_that_was_moved_is_for_a_person(side: str) -> None:
    broken = books()
    row_of(broken, KEY)[side] = 4_000

    found = compared(broken)

    assert kinds(found) == [("CUSTOMER_DIFFERS", KEY), ("STATEMENT_BROKEN", KEY)]
    assert {each.repair for each in found.breaks} == {None}


def test_both_sides_moved_alike_are_found_although_the_balance_is_right() -> None:
    broken = books()
    row = row_of(broken, KEY)
    row |= {"posted_d": 4_600, "posted_c": 10_100}

    assert kinds(compared(broken)) == [("CUSTOMER_DIFFERS", KEY)]


def test_an_internal_row_that_was_moved_is_summed_anew() -> None:
    broken = books()
    row_of(broken, SETTLE)["posted_c"] = 6_501

    (only,) = compared(broken).breaks

    assert (only.kind, only.id, only.repair) == ("INTERNAL_DIFFERS", SETTLE, RESUM)
    assert "6501" in only.what
    assert "6500" in only.what


def test_an_internal_row_that_is_gone_is_made_anew_and_a_customer_s_is_not() -> None:
    broken = books()
    for key in (SETTLE, KEY):
        broken.balances.remove(row_of(broken, key))

    found = {each.id: each.repair for each in compared(broken).breaks}

    assert found == {SETTLE: RESUM, KEY: None}


def test_an_account_that_was_opened_meanwhile_is_no_break() -> None:
    broken = books()
    broken.balances.remove(row_of(broken, f"{BOB}#EUR"))

    assert compared(broken, opened_meanwhile=True).breaks == []


def test_a_header_that_was_never_folded_is_to_be_folded() -> None:
    broken = books()
    unmarked = broken.markers - {PURCHASE_HEADER}
    row_of(broken, SETTLE)["posted_c"] = 2_000

    found = compared(replace(broken, markers=unmarked))

    assert kinds(found) == [("NOT_FOLDED", PURCHASE_HEADER)]
    assert found.breaks[0].repair == FOLD
    assert found.totals.by_side["not folded yet"]["EUR"] == Total(count=1, amount=4_500)


def test_a_young_header_that_is_not_folded_is_lag() -> None:
    broken = books()
    broken.headers[PURCHASE_HEADER]["booked_at"] = (NOW + timedelta(minutes=2)).isoformat()
    row_of(broken, SETTLE)["posted_c"] = 2_000

    found = compared(replace(broken, markers=broken.markers - {PURCHASE_HEADER}))

    assert found.breaks == []
    assert found.totals.by_side["not folded yet"]["EUR"].count == 1


def test_what_a_customer_was_booked_after_its_row_was_read_is_left_out() -> None:
    moving = books()
    row_of(moving, KEY).update(posted_d=0, posting_no=1)

    assert compared(moving).breaks == []


def test_a_row_that_moves_while_it_is_compared_may_stand_between_two_sums() -> None:
    moving = books()
    row_of(moving, SETTLE)["posted_c"] = 2_000

    # The fold of the purchase ran after its row was read, and before its marker was.
    during = compared(moving, read_at=NOW + timedelta(seconds=30), folds_meanwhile=1)
    standing = compared(moving, read_at=NOW + timedelta(seconds=30))
    beyond = books()
    row_of(beyond, SETTLE)["posted_c"] = 6_501
    more = compared(beyond, read_at=NOW + timedelta(seconds=30), folds_meanwhile=1)

    assert during.breaks == []
    assert during.notes == {"internal balances moved while they were compared": 1}
    assert kinds(standing) == [("INTERNAL_DIFFERS", SETTLE)]
    assert kinds(more) == [("INTERNAL_DIFFERS", SETTLE)]


def test_a_header_folded_after_the_reading_is_left_out_while_folds_go_on() -> None:
    moving = books()
    moving.headers[PURCHASE_HEADER]["booked_at"] = (NOW + timedelta(minutes=20)).isoformat()
    row_of(moving, SETTLE)["posted_c"] = 2_000

    assert compared(moving, folds_meanwhile=1).breaks == []


def test_a_header_without_its_line_is_named_and_so_is_the_statement() -> None:
    broken = books()
    broken.lines[:] = [line for line in broken.lines if line["header_id"] != PURCHASE_HEADER]

    assert kinds(compared(broken)) == [
        ("LINE_MISSING", PURCHASE_HEADER),
        ("STATEMENT_BROKEN", KEY),
    ]


def test_a_line_that_says_otherwise_is_named() -> None:
    broken = books()
    broken.lines[1]["amount"] = -4_400

    assert kinds(compared(broken)) == [
        ("LINE_MISSING", PURCHASE_HEADER),
        ("STATEMENT_BROKEN", KEY),
    ]


def test_a_gap_in_the_posting_numbers_breaks_the_statement() -> None:
    broken = books()
    broken.lines[1]["sk"] = f"{3:012d}"
    row_of(broken, KEY)["posting_no"] = 3

    assert ("STATEMENT_BROKEN", KEY) in kinds(compared(broken))


def test_books_carried_to_the_next_page_are_the_same() -> None:
    kept = Books(overdue_before=NOW.isoformat())
    kept.take_rows(books().balances)
    kept.take_line(books().lines[0])

    assert msgspec.json.decode(msgspec.json.encode(kept), type=Books) == kept


def test_a_suspense_booking_moves_no_customer() -> None:
    broken = books()
    del broken.headers[SUSPENSE_HEADER]

    assert {each.id for each in compared(broken).breaks} == {
        SETTLE,
        "susp:UNKNOWN_ACCOUNT:EUR#EUR",
    }
