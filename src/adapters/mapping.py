"""An event source mapping: what feeds a function from its queue or stream, on and off."""

import time
from typing import Any

from domain.errors import Unavailable

_POLL_SECONDS = 1.0
_STATE_CHANGE_SECONDS_MAX = 120.0
ENABLED, DISABLED = "Enabled", "Disabled"


class Mapping:
    def __init__(self, client: Any, mapping_id: str) -> None:
        self._client = client
        self._id = mapping_id

    def state(self) -> str:
        """Enabled, Disabled, or on the way to one of them."""
        return str(self._client.get_event_source_mapping(UUID=self._id)["State"])

    def switch(self, *, on: bool) -> None:
        """Wait until it is so; a run under way ends by itself. Raises Unavailable."""
        self._client.update_event_source_mapping(UUID=self._id, Enabled=on)
        wanted = ENABLED if on else DISABLED
        waited = 0.0
        while waited < _STATE_CHANGE_SECONDS_MAX:
            if self.state() == wanted:
                return
            time.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
        raise Unavailable(f"the mapping {self._id} does not become {wanted}")
