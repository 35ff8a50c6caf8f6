"""Netting and cutting the headers that one fold transaction takes."""

from domain.booking import posted_of
from domain.events import Posted
from domain.folding import ACTIONS_MAX, cut, internal_movements, net, without_repeats
from domain.money import Money
from domain.posting import Movement
from domain.record_booking import book_decided
from tests.unit.decided_records import decided
from tests.unit.ledger_tables import NOON


def header(number: int, reason: str) -> Posted:
    record = decided(Money(100, "EUR"), outcome="SUSPENDED", reason=reason)
    booking = book_decided("e", "2026-11-20T10:11:12Z", record, None, None)
    posted = posted_of(booking, None, NOON)
    values = {name: getattr(posted, name) for name in Posted.__struct_fields__}
    return Posted(**values | {"header_id": f"J#{number}"})


def test_markers_accounts_and_counter_stay_within_one_transaction() -> None:
    headers = [header(number, f"R{number}") for number in range(200)]

    runs = list(cut(headers))

    assert [each for run in runs for each in run] == headers
    assert all(len(run) + len(net(run)) + 1 <= ACTIONS_MAX for run in runs)
    assert len(runs) < 10


def test_headers_on_the_same_accounts_share_their_actions() -> None:
    runs = list(cut([header(number, "SAME") for number in range(97)]))

    assert [len(run) for run in runs] == [97]


def test_a_repeat_in_one_batch_is_folded_once() -> None:
    assert len(without_repeats([header(1, "A"), header(1, "A"), header(2, "A")])) == 2


def test_movements_of_several_headers_are_netted_per_account() -> None:
    assert net([header(1, "A"), header(2, "A")]) == {
        ("susp:A:EUR", "EUR"): Movement(debit=200, credit=0),
        ("settle:VISA:EUR", "EUR"): Movement(debit=0, credit=200),
    }


def test_the_customer_s_own_balance_is_not_folded() -> None:
    posted = header(1, "A")

    assert all(not account.startswith("cust:") for account, _ in internal_movements(posted))
