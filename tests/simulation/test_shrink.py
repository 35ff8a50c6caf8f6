"""Shrinking: from a failing run to the least that still fails."""

from collections.abc import Sequence

from tests.simulation.shrink import shrunk


def test_two_faults_that_need_each_other_are_what_is_left_of_many() -> None:
    def fails(numbers: Sequence[int], _most: int | None) -> bool:
        return {3, 17} <= set(numbers)

    assert shrunk(range(25), 1, fails) == ([3, 17], None)


def test_a_run_that_fails_without_faults_keeps_none() -> None:
    assert shrunk(range(25), 1, lambda _numbers, _most: True) == ([], None)


def test_then_messages_are_left_out() -> None:
    def fails(numbers: Sequence[int], most: int | None) -> bool:
        return 5 in numbers and (most is None or most >= 3)

    assert shrunk(range(9), 12, fails) == ([5], 3)
