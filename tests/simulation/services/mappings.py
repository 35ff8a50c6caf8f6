"""Event source mappings: a queue or a table's stream feeds a function."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import MappingSpec
from tests.simulation.services.database import refusal
from tests.simulation.services.queues import Message
from tests.simulation.services.streams import Reader, Reading

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


def stream_reader(run: "CloudRun", spec: MappingSpec) -> Reader:
    reading = Reading(
        spec.name,
        spec.source_name,
        spec.filters,
        spec.batch_size,
        spec.window_seconds,
        spec.bisect,
        spec.max_retries,
        spec.max_age_seconds,
        spec.letters,
        run.plan.functions[spec.function].role,
    )

    def deliver(records: list[dict[str, Any]], done: Callable[[bool], None]) -> None:
        role = run.plan.functions[spec.function].role
        if run.hits("throttle", f"{spec.name} invokes") or not run.may_read_stream(
            role, spec.source_name
        ):
            done(False)
            return
        event = {"Records": records}
        run.functions.invoke(spec.function, event, lambda _, error: done(error is None))

    return Reader(run, reading, deliver)


class QueueFeed:
    """Takes what is visible in batches; what is not reported as failed is deleted."""

    def __init__(self, run: "CloudRun", spec: MappingSpec) -> None:
        self._run = run
        self._spec = spec
        self._queue = run.queues.named[spec.source_name]
        self._queue.arrived = self._arrived
        self._polls_at = math.inf
        self.enabled = True

    def enable(self, on: bool) -> None:
        """Messages wait meanwhile, and none is received."""
        self.enabled = on
        if on:
            self._again()

    def _arrived(self, visible_at: float) -> None:
        # Several polls in a short while make batches of different sizes; those of a FIFO queue are
        # what it is there for.
        longest = 3.0 if self._queue.spec.fifo else 0.5
        self._poll_at(visible_at + self._run.rng.uniform(0.005, longest))

    def _poll_at(self, when: float) -> None:
        if when < self._polls_at or self._polls_at <= self._run.clock.seconds:
            self._polls_at = when
            self._run.scheduler.at(when, self._poll)

    def _poll(self) -> None:
        self._polls_at = math.inf
        run, spec = self._run, self._spec
        if not self.enabled:
            return
        visible = self._queue.visible()
        if visible and run.may_read_queue(run.plan.functions[spec.function].role, spec.source_name):
            if not self._queue.spec.fifo:
                run.rng.shuffle(visible)
            most = min(spec.batch_size, len(visible))
            size = most if run.rng.random() < 0.7 else run.rng.randint(1, most)
            batch = [message for message in visible[:size] if self._receive(message)]
            if batch:
                self._invoke(batch)
        self._again()

    def _receive(self, message: Message) -> bool:
        """False for a message that was received too often, and lies in the letters now."""
        run, queue = self._run, self._queue
        limit = queue.spec.max_receives
        if limit is not None and message.receives >= limit:
            queue.delete(message.id)
            if queue.spec.letters is None:
                run.note(f"{queue.spec.name} forgets {message.id}")
            else:
                letters = run.queues.named[queue.spec.letters]
                letters.send(message.body, message.attributes, message.group)
            return False
        message.receives += 1
        hidden = (
            0.0 if run.hits("visible again", queue.spec.name) else queue.spec.visibility_seconds
        )
        message.visible_at = run.clock.seconds + hidden
        return True

    def _invoke(self, batch: list[Message]) -> None:
        run, spec = self._run, self._spec
        if run.hits("throttle", f"{spec.name} invokes"):
            return
        limit = None
        if run.hits("slow function", spec.function):
            limit = run.faults.between(0.0, 0.3)
        event = {"Records": [self._record(message) for message in batch]}
        run.functions.invoke(
            spec.function, event, lambda result, error: self._ended(batch, result, error), limit
        )

    def _ended(self, batch: list[Message], result: Any, error: BaseException | None) -> None:
        run = self._run
        if error is not None:
            self._again()
            return
        failed = self._failed(batch, result)
        for message in batch:
            if message.id in failed:
                continue
            if run.hits("crash after", f"{self._spec.name} deletes"):
                continue
            self._queue.delete(message.id)
            if not self._queue.spec.fifo and run.hits(
                "doubled", f"{self._queue.spec.name} {message.id}"
            ):
                again = run.faults.between(0.1, 2_000.0)
                message.visible_at = run.clock.seconds + again
                message.receives = 0
                self._queue.put(message)
        self._again()

    def _failed(self, batch: list[Message], result: Any) -> set[str]:
        """Ids that the function reports; all of them where the report cannot be read."""
        if not self._spec.partial_failures or not result:
            return set()
        known = {message.id for message in batch}
        reported = result.get("batchItemFailures") if isinstance(result, dict) else None
        if reported is None:
            return set()
        named = {each.get("itemIdentifier") for each in reported}
        return named if named <= known else known

    def _again(self) -> None:
        upcoming = self._queue.next_visible()
        if upcoming is not None:
            soon = max(upcoming, self._run.clock.seconds) + self._run.rng.uniform(0.005, 0.2)
            self._poll_at(soon)

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.receives),
                "SentTimestamp": str(int(message.sent_at * 1000)),
                **({"MessageGroupId": message.group} if message.group else {}),
            },
            "messageAttributes": {
                name: {"stringValue": value, "dataType": "String"}
                for name, value in message.attributes.items()
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue.spec.arn,
            "awsRegion": "eu-central-1",
        }


class Mappings:
    """The part of Lambda's own API that is called."""

    def __init__(self, by_id: "Mapping[str, Reader | QueueFeed]") -> None:
        self._by_id = by_id

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> Any:
        self._reader(UUID).enable(Enabled)
        return {"UUID": UUID}

    def get_event_source_mapping(self, UUID: str) -> Any:
        state = "Enabled" if self._reader(UUID).enabled else "Disabled"
        return {"UUID": UUID, "State": state}

    def _reader(self, mapping_id: str) -> "Reader | QueueFeed":
        if mapping_id not in self._by_id:
            raise refusal("ResourceNotFoundException", "EventSourceMapping")
        return self._by_id[mapping_id]
