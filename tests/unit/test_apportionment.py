"""Sharing a total among parts: exact, in proportion, and never less when there is more."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.apportionment import apportion

PARTS = st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=6).filter(sum)


@given(PARTS, st.data())
def test_shares_sum_to_the_total_and_no_part_gets_more_than_itself(
    parts: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(min_value=0, max_value=sum(parts)))
    shares = apportion(parts, total)
    assert sum(shares) == total
    assert all(0 <= share <= part for share, part in zip(shares, parts, strict=True))


@given(PARTS)
def test_all_of_it_gives_each_part_itself(parts: list[int]) -> None:
    assert apportion(parts, sum(parts)) == parts


# By largest remainders alone, a part would give a unit back here.
@example([2, 2, 2, 27, 14])
@given(st.lists(st.integers(min_value=0, max_value=60), min_size=1, max_size=5).filter(sum))
def test_a_larger_total_takes_nothing_from_a_part(parts: list[int]) -> None:
    rows = [apportion(parts, total) for total in range(sum(parts) + 1)]
    for smaller, larger in itertools.pairwise(rows):
        assert all(less <= more for less, more in zip(smaller, larger, strict=True))


def test_shares_follow_the_proportion() -> None:
    assert apportion([11263, 225, 150], 5819) == [5632, 112, 75]


@pytest.mark.parametrize("total", [-1, 4])
def test_more_than_there_is_cannot_be_shared(total: int) -> None:
    with pytest.raises(ValueError, match="cannot share"):
        apportion([1, 2], total)
