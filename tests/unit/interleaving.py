"""Several calls at one time, in every order that their operations on the database can have."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from tests.fakes.dynamodb import MemoryDynamoDB, nothing

type Calls = Mapping[str, Callable[[], object]]


def orders(first: str, times: int, second: str, others: int) -> Iterator[tuple[str, ...]]:
    """Who is next, for so many operations of each."""
    whole = times + others
    for places in combinations(range(whole), times):
        yield tuple(first if place in places else second for place in range(whole))


class _Turns:
    def __init__(self, order: Sequence[str]) -> None:
        self._left = list(order)
        self._done: set[str] = set()
        self._moved = threading.Condition()

    def wait(self, _operation: str) -> None:
        me = threading.current_thread().name
        with self._moved:
            self._moved.wait_for(lambda: self._next() in {me, None}, timeout=5)
            if self._left:
                self._left.pop(0)
            self._moved.notify_all()

    def leave(self) -> None:
        with self._moved:
            self._done.add(threading.current_thread().name)
            self._moved.notify_all()

    def _next(self) -> str | None:
        while self._left and self._left[0] in self._done:
            self._left.pop(0)
        return self._left[0] if self._left else None


def together(database: MemoryDynamoDB, order: Sequence[str], calls: Calls) -> dict[str, object]:
    """What each call returns, when their writes come in this order."""
    turns, told = _Turns(order), dict[str, object]()

    def run(name: str) -> None:
        try:
            told[name] = calls[name]()
        finally:
            turns.leave()

    threads = [threading.Thread(target=run, args=(name,), name=name) for name in calls]
    database.before = turns.wait
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
    finally:
        database.before = nothing
    return told
