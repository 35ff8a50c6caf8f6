"""The event source mapping that feeds the fold: stopped while balances are summed anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from domain.errors import Unavailable

_POLL_SECONDS = 1.0
_STATE_CHANGE_SECONDS_MAX = 120.0


class FoldMapping:
    """`fold_seconds` is the fold's own time-out: as long may a run go on after the mapping has
    stopped.
    """

    def __init__(self, client: Any, mapping_id: str, fold_seconds: float) -> None:
        self._client = client
        self._id = mapping_id
        self._fold_seconds = fold_seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No fold runs inside; the mapping is enabled again whatever happens."""
        self._switch(on=False)
        try:
            time.sleep(self._fold_seconds)
            yield
        finally:
            self._switch(on=True)

    def _switch(self, *, on: bool) -> None:
        self._client.update_event_source_mapping(UUID=self._id, Enabled=on)
        wanted = "Enabled" if on else "Disabled"
        waited = 0.0
        while waited < _STATE_CHANGE_SECONDS_MAX:
            if self._client.get_event_source_mapping(UUID=self._id)["State"] == wanted:
                return
            time.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
        raise Unavailable(f"the fold's mapping does not become {wanted}")
