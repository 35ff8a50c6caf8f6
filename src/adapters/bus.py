"""The event bus, the envelope and its limits."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.transactions import pause, unavailable
from domain.errors import Refused, Unavailable
from domain.events import Event, envelope_of

# PutEvents takes ten entries and, as its reference states, 256 KB in all; we keep far below.
_ENTRIES_MAX = 10
_ENTRY_BYTES_MAX = 64 * 1024
_ATTEMPTS = 4


class Bus:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, events: Sequence[Event]) -> list[int]:
        """Put the events on the bus; returns the indexes of those that it kept refusing.

        PutEvents answers 200 also when it refused entries, so each entry's answer is read and only
        refused ones are sent again. Raises Refused for an event over the size limit.
        """
        entries = [self._entry(event) for event in events]
        refused: list[int] = []
        for start in range(0, len(entries), _ENTRIES_MAX):
            indexes = list(range(start, min(start + _ENTRIES_MAX, len(entries))))
            refused += self._put(entries, indexes)
        return refused

    def repeat(self, event: Event, detail: str) -> bool:
        """Put an event on the bus in the words of its first time; False when it was refused."""
        return not self._put([self._entry(event) | {"Detail": detail}], [0])

    def _entry(self, event: Event) -> dict[str, Any]:
        entry = envelope_of(event, self._name)
        size = len(entry["Detail"].encode())
        if size > _ENTRY_BYTES_MAX:
            raise Refused("EVENT_TOO_LARGE", f"{entry['DetailType']} has {size} bytes")
        return entry

    def _put(self, entries: list[dict[str, Any]], indexes: list[int]) -> list[int]:
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.put_events(Entries=[entries[index] for index in indexes])
            except ClientError as error:
                if not unavailable(error):
                    raise
            except BotoCoreError as error:
                raise Unavailable(f"no answer from the bus: {type(error).__name__}") from error
            else:
                if not answer["FailedEntryCount"]:
                    return []
                indexes = [
                    index
                    for index, result in zip(indexes, answer["Entries"], strict=True)
                    if result.get("ErrorCode")
                ]
            pause(attempt)
        return indexes
