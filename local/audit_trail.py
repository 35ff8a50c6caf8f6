"""Bus rules with a delivery stream as target, which the engine's bus does not serve.

Each such rule gets a queue as a further target, by API, and what arrives there is put into the
delivery stream under the role of the rule's own target: the same events, by the same permission.
"""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import aws
from local.deployed import DeployedStack
from local.endpoint import Endpoint

logger = logging.getLogger(__name__)

TARGET_ID = "local-delivery-stream"
RECEIVE_LIMIT = 10
# A trail may be late; gathering makes few large puts out of many small ones.
GATHER_SECONDS = 2.0
GATHER_LIMIT = 400
FAULT_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Trail:
    """From a rule to a delivery stream."""

    stream_name: str
    role_arn: str
    queue_url: str


def lay(endpoint: Endpoint, stack: DeployedStack) -> list[Trail]:
    """Give every rule that has a delivery stream as target the queue in its place."""
    trails = []
    for rule in stack.resources("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            if rule.physical_id and ":firehose:" in target["Arn"]:
                bus = rule.properties.get("EventBusName", "default")
                queue = _queue(endpoint, rule.logical_id, rule.physical_id, bus)
                stream = target["Arn"].rpartition("/")[2]
                trails.append(Trail(stream, target["RoleArn"], queue))
    return trails


def _queue(endpoint: Endpoint, logical_id: str, rule_name: str, bus: str) -> str:
    sqs, events = aws.client(endpoint, "sqs"), aws.client(endpoint, "events")
    url = str(sqs.create_queue(QueueName=f"local-{endpoint.stack_name}-{logical_id}")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_targets(
        Rule=rule_name, EventBusName=bus, Targets=[{"Id": TARGET_ID, "Arn": arn["QueueArn"]}]
    )
    return url


class Pump:
    """Moves what waits in one trail's queue into its delivery stream."""

    def __init__(self, endpoint: Endpoint, trail: Trail) -> None:
        self._trail = trail
        self._sqs = aws.client(endpoint, "sqs")
        self._role = aws.RoleSession(endpoint, trail.role_arn, TARGET_ID)

    def run(self, ending: threading.Event) -> None:
        """Pump until the process ends, and once more then, so that nothing waits for a restart."""
        while not ending.wait(GATHER_SECONDS):
            self._pump(ending)
        self._pump(ending)

    def _pump(self, ending: threading.Event) -> None:
        try:
            while self.move() == GATHER_LIMIT:
                pass
        except (ClientError, BotoCoreError) as error:
            logger.warning("trail to %s: %s", self._trail.stream_name, error)
            self._role.forget()
            ending.wait(FAULT_PAUSE)

    def move(self) -> int:
        """Move at most a gathering's worth; give how many events moved."""
        messages = self._gathered()
        if not messages:
            return 0
        answer = self._role.client("firehose").put_record_batch(
            DeliveryStreamName=self._trail.stream_name,
            Records=[{"Data": f"{message['Body']}\n".encode()} for message in messages],
        )
        taken = [
            message
            for message, told in zip(messages, answer["RequestResponses"], strict=True)
            if not told.get("ErrorCode")
        ]
        self._delete(taken)
        return len(taken)

    def _gathered(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < GATHER_LIMIT:
            page = self._sqs.receive_message(
                QueueUrl=self._trail.queue_url,
                MaxNumberOfMessages=RECEIVE_LIMIT,
                WaitTimeSeconds=0,
            ).get("Messages", [])
            messages += page
            if len(page) < RECEIVE_LIMIT:
                break
        return messages

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        for start in range(0, len(messages), RECEIVE_LIMIT):
            self._sqs.delete_message_batch(
                QueueUrl=self._trail.queue_url,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                    for place, message in enumerate(messages[start : start + RECEIVE_LIMIT])
                ],
            )
