"""Commands to the posting queue, in the envelope that bus events arrive in."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.events import Event


class PostingQueue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, commands: Sequence[Event]) -> None:
        """Send the commands, one by one: each is booked once, so that all may be sent again."""
        for command in commands:
            self._client.send_message(QueueUrl=self._url, MessageBody=_envelope(command))


def _envelope(command: Event) -> str:
    return msgspec.json.encode(
        {
            "source": command.source,
            "detail-type": command.detail_type(),
            "detail": msgspec.Raw(command.to_detail().encode()),
        }
    ).decode()
