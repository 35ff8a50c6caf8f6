"""How much of a message is undone: shares of the whole are rounded, never the steps to them."""

import pytest

from domain.life import CLEAR, Taken
from domain.money import Money
from domain.undoing import Part, undo

KINDS = frozenset({CLEAR})


def taken(undone: int = 0) -> Taken:
    """Three dollars that count for one hundred cents of a euro."""
    return Taken(
        header_id="J#msg_1",
        msg_id="msg_1",
        ingest_id="ing_1",
        kind=CLEAR,
        key="O#1",
        at="2026-11-20T10:11:12Z",
        amount=100,
        transaction=Money(3, "USD"),
        undone=undone,
    )


@pytest.mark.parametrize(("undone", "amount"), [(0, 33), (1, 34), (2, 33)])
def test_a_third_is_what_leads_from_one_rounded_share_to_the_next(undone: int, amount: int) -> None:
    parts = undo([taken(undone)], KINDS, None, Money(1, "USD"))

    assert isinstance(parts, tuple)
    assert [(part.before, part.after, part.amount) for part in parts] == [
        (undone, undone + 1, amount)
    ]


def test_all_of_it_at_once_is_the_whole() -> None:
    assert Part(taken(), 0, 3).amount == 100
