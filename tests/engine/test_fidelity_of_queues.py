"""Queues in the simulation do as the engine's: what is seen by whom and how often, and what a
function that fails for some of its messages leaves behind.
"""

import collections
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.feeds import EnginesFeed, simulated_feed, spec_of
from tests.engine.live import Stack, eventually
from tests.engine.simulated import Calm

pytestmark = pytest.mark.engine

# Longer than any sequence takes.
LONG = 600
BODIES = ("one", "two", "three")

type Step = tuple[str, tuple[Any, ...]]

places = st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.just("send"), st.tuples(st.sampled_from(BODIES))),
    st.tuples(
        st.just("receive"), st.tuples(st.sampled_from((1, 2, 10)), st.sampled_from((0, LONG)))
    ),
    st.tuples(st.just("delete"), st.tuples(places)),
    st.tuples(st.just("hide"), st.tuples(places, st.sampled_from((0, LONG)))),
    st.tuples(st.just("depth"), st.tuples()),
)


class Queue:
    """One queue of a client; messages are counted in the order in which they were first seen."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url
        self._handles: dict[str, str] = {}

    def send(self, body: str) -> None:
        sent = {"DataType": "String", "StringValue": body.upper()}
        self._client.send_message(
            QueueUrl=self._url, MessageBody=body, MessageAttributes={"RULE": sent}
        )

    def receive(self, most: int, hidden: int) -> list[tuple[Any, ...]]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=hidden,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        found = answer.get("Messages", [])
        self._handles |= {each["MessageId"]: each["ReceiptHandle"] for each in found}
        return [
            (
                each["Body"],
                each["Attributes"]["ApproximateReceiveCount"],
                each["MessageAttributes"]["RULE"]["StringValue"],
            )
            for each in found
        ]

    def delete(self, place: int) -> None:
        for handle in list(self._handles.values())[place : place + 1]:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
            self._handles = {name: each for name, each in self._handles.items() if each != handle}

    def hide(self, place: int, seconds: int) -> None:
        for handle in list(self._handles.values())[place : place + 1]:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=seconds
            )

    def depth(self) -> tuple[str, ...]:
        """Waiting, and in somebody's hand."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        return tuple(answer["Attributes"][name] for name in names)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(steps, min_size=1, max_size=14))
def test_messages_are_seen_hidden_counted_and_deleted_the_same(
    stack: Stack, sequence: list[Step]
) -> None:
    sqs, spec = stack.client("sqs"), spec_of("twin")
    url = sqs.create_queue(QueueName=f"twin-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    theirs, ours = Queue(sqs, url), Queue(Calm({spec.name: spec}).queues, spec.url)

    for what, arguments in sequence:
        answer = getattr(theirs, what)(*arguments)
        assert getattr(ours, what)(*arguments) == answer, (what, arguments)
    sqs.delete_queue(QueueUrl=url)


# A function as Lambda knows it; each message it sees is a line of its log.
FUNCTION = """
def handler(event, context):
    failed = []
    for record in event["Records"]:
        body = record["body"]
        count = int(record["attributes"]["ApproximateReceiveCount"])
        print(f"saw {body} {count}")
        if body.startswith("broken"):
            raise ValueError(body)
        if body.startswith("bad") or (body.startswith("late") and count == 1):
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""
SOME_FAIL = ("good 1", "good 2", "bad 1", "bad 2", "late 1", "late 2")


@pytest.mark.parametrize("bodies", [SOME_FAIL, ("broken",)], ids=["some fail", "all fail"])
def test_a_function_gets_again_what_it_reports_and_the_letters_get_what_never_succeeds(
    stack: Stack, bodies: tuple[str, ...]
) -> None:
    theirs = EnginesFeed(stack, FUNCTION)
    try:
        theirs.send(bodies)
        eventually(theirs.settled)
        seen, letters = theirs.seen(), theirs.letters()
    finally:
        theirs.stop()

    ours, our_letters = simulated_feed(FUNCTION, bodies)
    assert collections.Counter(seen) == collections.Counter(ours)
    assert letters == our_letters
    assert len(letters) == sum(body.startswith(("bad", "broken")) for body in bodies)
