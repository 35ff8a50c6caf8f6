"""Sums of tables that are read one after the other: bookings may land between the readings."""

from collections.abc import Callable
from typing import Protocol

_READINGS_MAX = 4


class Sums(Protocol):
    @property
    def is_zero(self) -> bool: ...


def read_until_zero[T: Sums](read: Callable[[], T]) -> T:
    """Read again while it does not come out: a fault stays, a movement does not."""
    found = read()
    for _ in range(_READINGS_MAX - 1):
        if found.is_zero:
            break
        found = read()
    return found
