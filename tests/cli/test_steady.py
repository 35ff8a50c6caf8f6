"""What does not come out is read again, and a fault stays one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cli.steady import read_until_zero


@dataclass(frozen=True)
class Found:
    left: int

    @property
    def is_zero(self) -> bool:
        return self.left == 0


def readings(*left: int) -> tuple[Callable[[], Found], Iterator[int]]:
    coming = iter(left)
    return lambda: Found(next(coming)), coming


def test_a_movement_between_two_readings_is_gone_at_the_next() -> None:
    read, coming = readings(5, 3, 0, 7)

    assert read_until_zero(read).is_zero
    assert list(coming) == [7]


def test_a_fault_is_still_there_at_the_last_reading() -> None:
    read, coming = readings(4, 4, 4, 4, 0)

    assert not read_until_zero(read).is_zero
    assert list(coming) == [0]
