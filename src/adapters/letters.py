"""A queue of dead letters: looked at, deleted, or put back."""

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.letters import Letter

# A letter in hand is hidden for longer than a run takes: no second run meets it, and after a crash
# it comes back.
_IN_HAND_SECONDS = 300
_AT_ONCE = 10
# Without a wait an answer may leave out some of the servers that a queue is spread over.
_WAIT_SECONDS = 1


class LetterQueue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def receive(self) -> Iterator[Letter]:
        """Each letter that waits, once; those that are put back meanwhile do not come again."""
        seen: set[str] = set()
        while fresh := [each for each in self._received() if each.letter_id not in seen]:
            for letter in fresh:
                seen.add(letter.letter_id)
                yield letter

    def delete(self, letter: Letter) -> None:
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)

    def put_back(self, letter: Letter) -> None:
        """Let it be seen again at once, by the alarm and by whoever looks."""
        # Where this fails it is seen again a little later.
        with contextlib.suppress(ClientError, BotoCoreError):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def _received(self) -> list[Letter]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=_IN_HAND_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        )
        return [_letter(message) for message in answer.get("Messages", [])]


def _letter(message: dict[str, Any]) -> Letter:
    given = message.get("MessageAttributes", {})
    return Letter(
        letter_id=message["MessageId"],
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        sent_at=int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000,
        attributes={name: str(value.get("StringValue", "")) for name, value in given.items()},
    )
