"""The event source mapping that feeds the fold: stopped while balances are summed anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.mapping import Mapping


class FoldMapping:
    """`fold_seconds` is the fold's own time-out: as long may a run go on after the mapping has
    stopped.
    """

    def __init__(self, mapping: Mapping, fold_seconds: float) -> None:
        self._mapping = mapping
        self._fold_seconds = fold_seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No fold runs inside; the mapping is enabled again whatever happens."""
        self._mapping.switch(on=False)
        try:
            time.sleep(self._fold_seconds)
            yield
        finally:
            self._mapping.switch(on=True)
