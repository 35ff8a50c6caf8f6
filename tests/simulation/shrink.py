"""Making a failing run small: fewer faults by halving (ddmin), then fewer messages."""

from collections.abc import Callable, Sequence

type Fails = Callable[[Sequence[int], int | None], bool]

_RUNS_MAX = 200


def shrunk(numbers: Sequence[int], messages: int, fails: Fails) -> tuple[list[int], int | None]:
    """The fewest faults, and then messages, with which the run still fails."""
    search = _Search(fails)
    kept = search.faults(list(numbers))
    for most in range(1, messages):
        if search.still(kept, most):
            return kept, most
    return kept, None


class _Search:
    def __init__(self, fails: Fails) -> None:
        self._fails = fails
        self._runs = 0

    def still(self, numbers: Sequence[int], most: int | None = None) -> bool:
        self._runs += 1
        return self._runs <= _RUNS_MAX and self._fails(numbers, most)

    def faults(self, numbers: list[int]) -> list[int]:
        if self.still([]):
            return []
        parts = 2
        while len(numbers) >= 2:
            size = -(-len(numbers) // parts)
            pieces = [numbers[at : at + size] for at in range(0, len(numbers), size)]
            smaller = self._smaller(numbers, pieces)
            if smaller is not None:
                numbers, parts = smaller, max(2, parts - 1)
            elif size == 1:
                break
            else:
                parts = min(len(numbers), 2 * parts)
        return numbers

    def _smaller(self, numbers: list[int], pieces: list[list[int]]) -> list[int] | None:
        for piece in pieces:
            rest = [number for number in numbers if number not in piece]
            for candidate in (piece, rest):
                if 0 < len(candidate) < len(numbers) and self.still(candidate):
                    return candidate
        return None
