"""SQS: messages that become visible again, are received too often, come twice and in any order."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.plan import QueueSpec
from tests.simulation.services.database import refusal

_NAME_SECONDS = 300.0


@dataclass(slots=True)
class Message:
    """`visible_at` and `sent_at` in the simulation's seconds."""

    id: str
    body: str
    sent_at: float
    visible_at: float
    attributes: dict[str, str] = field(default_factory=dict)
    receives: int = 0
    group: str | None = None


class Queue:
    def __init__(
        self, spec: QueueSpec, now: Callable[[], float], ids: "itertools.count[int]"
    ) -> None:
        self.spec = spec
        self.messages: dict[str, Message] = {}
        self.arrived: Callable[[float], None] | None = None
        self._now = now
        self._ids = ids
        self._names: dict[tuple[str, str], tuple[float, str]] = {}

    def send(
        self,
        body: str,
        attributes: Mapping[str, str] | None = None,
        group: str | None = None,
        name: str | None = None,
    ) -> str:
        """A FIFO queue wants a `group`; only it takes a `name`, for five minutes.

        A name that was used a moment ago is answered as it was then, and is dropped.
        """
        message_id = f"m-{next(self._ids)}"
        if self.spec.fifo and not group:
            raise refusal("MissingParameter", "SQS")
        if name is not None and not self.spec.fifo:
            raise refusal("InvalidParameterValue", "SQS")
        if group is not None and name is not None:
            named = self._named(group, name, message_id)
            if named != message_id:
                return named
        at = self._now() + self.spec.delay_seconds
        self.put(Message(message_id, body, self._now(), at, dict(attributes or {}), group=group))
        return message_id

    def lay(self, body: str) -> str:
        """As `send`, in a group of its own where it has to be in one."""
        return self.send(body, group=f"g-{next(self._ids)}" if self.spec.fifo else None)

    def _named(self, group: str, name: str, message_id: str) -> str:
        """The message that has the name, which is this one where the name is free."""
        known_until, known = self._names.get((group, name), (0.0, ""))
        if known_until > self._now():
            return known
        self._names[group, name] = (self._now() + _NAME_SECONDS, message_id)
        return message_id

    def put(self, message: Message) -> None:
        """Also for a message that is here again although it was deleted."""
        self.messages[message.id] = message
        if self.arrived is not None:
            self.arrived(message.visible_at)

    def visible(self) -> list[Message]:
        """In a FIFO queue nothing of a group while another message of it is in hand."""
        taken = self._taken()
        return [
            each
            for each in self.messages.values()
            if each.visible_at <= self._now() and each.group not in taken
        ]

    def together(self) -> list[Message]:
        """What is visible as a caller gets it: of a FIFO queue as much of a group as there is,
        before the next group.
        """
        visible = self.visible()
        if self.spec.fifo:
            groups = {group: n for n, group in enumerate(dict.fromkeys(m.group for m in visible))}
            visible.sort(key=lambda message: groups[message.group])
        return visible

    def waiting(self) -> int:
        """How many are in nobody's hand, those of a group that is held up among them."""
        return sum(each.visible_at <= self._now() for each in self.messages.values())

    def _taken(self) -> dict[str, float]:
        """Groups of which a message is in hand, until when."""
        taken: dict[str, float] = {}
        for each in self.messages.values() if self.spec.fifo else ():
            if each.group is not None and each.receives and each.visible_at > self._now():
                taken[each.group] = max(each.visible_at, taken.get(each.group, 0.0))
        return taken

    def delete(self, message_id: str) -> None:
        self.messages.pop(message_id, None)

    def next_visible(self) -> float | None:
        taken = self._taken()
        return min(
            (taken.get(each.group or "", each.visible_at) for each in self.messages.values()),
            default=None,
        )


class Queues:
    def __init__(self, specs: Mapping[str, QueueSpec], now: Callable[[], float]) -> None:
        ids = itertools.count(1)
        self.named = {name: Queue(spec, now, ids) for name, spec in specs.items()}
        self._by_url = {queue.spec.url: queue for queue in self.named.values()}
        self._now = now

    def at(self, url: str) -> Queue:
        if url not in self._by_url:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", "SQS")
        return self._by_url[url]

    # --- what functions and machines call

    def send_message(self, QueueUrl: str, MessageBody: str, **request: Any) -> Any:
        attributes = {
            name: value["StringValue"]
            for name, value in request.get("MessageAttributes", {}).items()
        }
        queue = self.at(QueueUrl)
        group, name = request.get("MessageGroupId"), request.get("MessageDeduplicationId")
        if queue.spec.fifo and group and not name:
            # None of ours makes a name from the body.
            raise refusal("InvalidParameterValue", "SQS")
        return {"MessageId": queue.send(MessageBody, attributes, group, name)}

    def receive_message(
        self,
        QueueUrl: str,
        MaxNumberOfMessages: int = 1,
        VisibilityTimeout: int | None = None,
        **_request: Any,
    ) -> Any:
        queue = self.at(QueueUrl)
        hidden = queue.spec.visibility_seconds if VisibilityTimeout is None else VisibilityTimeout
        found = queue.together()[:MaxNumberOfMessages]
        for message in found:
            message.receives += 1
            message.visible_at = self._now() + hidden
        return {"Messages": [_received(message) for message in found]} if found else {}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> Any:
        """A FIFO queue deletes nothing that may be in another hand by now."""
        queue = self.at(QueueUrl)
        message = queue.messages.get(ReceiptHandle)
        if queue.spec.fifo and message is not None and message.visible_at <= self._now():
            raise refusal("InvalidParameterValue", "DeleteMessage")
        queue.delete(ReceiptHandle)
        return {}

    def change_message_visibility(
        self,
        QueueUrl: str,
        ReceiptHandle: str,
        VisibilityTimeout: int,
    ) -> Any:
        message = self.at(QueueUrl).messages.get(ReceiptHandle)
        if message is not None:
            message.visible_at = self._now() + VisibilityTimeout
        return {}

    def get_queue_attributes(self, QueueUrl: str, **_request: Any) -> Any:
        queue = self.at(QueueUrl)
        waiting = queue.waiting()
        counts = {
            "ApproximateNumberOfMessages": str(waiting),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - waiting),
            "QueueArn": queue.spec.arn,
        }
        return {"Attributes": counts}


def _received(message: Message) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.id,
        "Body": message.body,
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
            **({"MessageGroupId": message.group} if message.group else {}),
        },
        "MessageAttributes": {
            name: {"StringValue": value, "DataType": "String"}
            for name, value in message.attributes.items()
        },
    }
