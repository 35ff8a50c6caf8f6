"""The posting queues: commands in the envelope that bus events arrive in, and records on their way
to the batch poster.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.errors import Refused
from domain.events import Decided, Event
from domain.reference import BATCHED, SINGLE

_MODE = "posting_mode"


class PostingQueue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, commands: Sequence[Event]) -> None:
        """Send the commands, one by one: each is booked once, so that all may be sent again."""
        for command in commands:
            self._client.send_message(QueueUrl=self._url, MessageBody=_envelope(command))

    def send_singly(self, body: str) -> None:
        """Send a message that is to be booked by itself, whatever its account's posting mode is."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageAttributes={_MODE: {"DataType": "String", "StringValue": SINGLE}},
        )


class BatchQueue:
    """First in, first out for each account: its records come together, and in their order."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, record: Decided, body: str, reception: str) -> None:
        """Send a record of a batched account.

        `reception` names the message that it came in. The queue drops what has the same name within
        five minutes, so it must not be the event's id: a record that is woken or swept comes with
        the same event soon after it came first, and must come through.
        """
        if record.account is None:
            raise Refused("NO_ACCOUNT", f"{record.ingest_id} has no account to be batched under")
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageGroupId=record.account.account_id,
            MessageDeduplicationId=reception,
        )


def is_batched(record: Decided, message: Mapping[str, Any]) -> bool:
    """Whether a record that came in this message of the posting queue goes to the batch poster."""
    mode = message.get("messageAttributes", {}).get(_MODE, {}).get("stringValue")
    return mode != SINGLE and record.account is not None and record.account.posting_mode == BATCHED


def _envelope(command: Event) -> str:
    return msgspec.json.encode(
        {
            "source": command.source,
            "detail-type": command.detail_type(),
            "detail": msgspec.Raw(command.to_detail().encode()),
        }
    ).decode()
