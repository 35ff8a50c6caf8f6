"""Letters of rules to consumers: only the consumer that missed the event gets it."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.events import BUS_EVENTS
from domain.letters import Letter, Mended, Unreadable, event_of

type Tell = Callable[[str], None]


class ConsumerLetters:
    """A rule leaves the event as it should have arrived, and names the target as an attribute."""

    def __init__(self, consumers: Mapping[str, Tell]) -> None:
        """`consumers`: by the ARN of the rule's target."""
        self._consumers = consumers

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        target = letter.attributes.get("TARGET_ARN", "")
        if not target:
            raise Unreadable("it has no TARGET_ARN: who missed the event is unknown")
        if target not in self._consumers:
            raise Unreadable(f"its target is no consumer of ours: {target}")
        event = event_of(letter.body, *BUS_EVENTS)
        if not dry_run:
            self._consumers[target](letter.body)
        return Mended(resent=(f"{event.detail_type()} {event.meta.event_id}",))


def to_delivery_stream(client: Any, arn: str) -> Tell:
    """One event a line, whether or not the stream adds a line's end of its own."""

    def tell(body: str) -> None:
        client.put_record(
            DeliveryStreamName=arn.rpartition("/")[2], Record={"Data": f"{body}\n".encode()}
        )

    return tell


def to_topic(client: Any, arn: str) -> Tell:
    def tell(body: str) -> None:
        client.publish(TopicArn=arn, Message=body)

    return tell
