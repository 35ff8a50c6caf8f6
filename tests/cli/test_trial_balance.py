"""The trial balance is zero in every currency, whatever the fold has still to do."""

import msgspec

from domain.events import Posted
from domain.trial_balance import TrialBalance, trial_balance_of
from tests.cli.sample_books import SUSPENSE_HEADER, books, internal_row


def of_books(*unfolded: str) -> TrialBalance:
    standing = books()
    headers = [msgspec.convert(standing.headers[each], Posted) for each in unfolded]
    return trial_balance_of(standing.balances, headers)


def test_good_books_are_zero() -> None:
    found = of_books()

    assert found.is_zero
    assert found.sums("EUR") == (21_500, 21_500)


def test_one_minor_unit_too_much_is_not_zero() -> None:
    found = trial_balance_of([*books().balances, internal_row("inc:cash_fee", 0, 1)], [])

    assert not found.is_zero
    assert found.difference("EUR") == -1


def test_what_is_not_folded_yet_is_counted_in() -> None:
    rows = [row for row in books().balances if not row["account"].startswith("susp")]
    settle = next(row for row in rows if row["account"].startswith("settle"))
    settle["posted_c"] -= 2_000
    header = msgspec.convert(books().headers[SUSPENSE_HEADER], Posted)

    found = trial_balance_of(rows, [header])

    assert found.is_zero
    assert found.unfolded == 1
    assert found.pending == {"EUR": (2_000, 2_000)}


def test_currencies_do_not_make_up_for_each_other() -> None:
    dollars = internal_row("inc:fx_fee", 0, 150) | {"currency": "USD"}
    euros = internal_row("inc:fx_fee", 150, 0)

    found = trial_balance_of([dollars, euros], [])

    assert [found.difference(currency) for currency in found.currencies] == [150, -150]


def test_an_empty_ledger_is_zero() -> None:
    assert trial_balance_of([], []).is_zero
