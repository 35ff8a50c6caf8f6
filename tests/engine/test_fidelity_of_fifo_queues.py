"""FIFO queues in the simulation do as the engine's: the order within a group, what holds a group
up, what a name keeps out, and what a function sees of them.
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from adapters.refusals import code_of
from tests.engine.feeds import EnginesFeed, simulated_feed, spec_of
from tests.engine.live import Stack, eventually
from tests.engine.simulated import Calm

pytestmark = pytest.mark.engine

# Longer than any sequence takes.
LONG = 600
# As the queue of the template: names are known within a group.
ATTRIBUTES = {
    "FifoQueue": "true",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}

type Step = tuple[str, tuple[Any, ...]]

places = st.integers(0, 3)
# No more messages than one answer takes, since the engine does not keep a group together in it.
groups, names = st.sampled_from(("A", "B", "C")), st.sampled_from(("1", "2", "3"))
steps = st.one_of(
    st.tuples(st.just("send"), st.tuples(groups, names)),
    st.tuples(st.just("send"), st.tuples(groups, names)),
    st.tuples(st.just("send"), st.tuples(groups | st.none(), names | st.none())),
    st.tuples(st.just("receive"), st.tuples(st.sampled_from((1, 10)))),
    st.tuples(st.just("delete"), st.tuples(places)),
    st.tuples(st.just("put_back"), st.tuples(places)),
    st.tuples(st.just("hide"), st.tuples(places)),
    st.tuples(st.just("depth"), st.tuples()),
)


class Queue:
    """One FIFO queue of a client. What is put back is not asked for by its old handle again, as a
    FIFO queue of AWS would not take it.
    """

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url
        self._sent: dict[str, int] = {}
        self._handles: dict[int, str] = {}

    def send(self, group: str | None, name: str | None) -> int | str:
        """Which message the answer speaks of, or the code of the refusal."""
        given = {"MessageGroupId": group, "MessageDeduplicationId": name}
        named = {parameter: text for parameter, text in given.items() if text is not None}
        body = f"{group} {name} {len(self._sent)}"
        try:
            answer = self._client.send_message(QueueUrl=self._url, MessageBody=body, **named)
        except ClientError as error:
            return code_of(error)
        return self._sent.setdefault(answer["MessageId"], len(self._sent))

    def receive(self, most: int) -> dict[str, list[tuple[int, str]]]:
        """What came of each group, in its order, and how often it came."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=LONG,
            AttributeNames=["All"],
        )
        found: dict[str, list[tuple[int, str]]] = {}
        for each in answer.get("Messages", []):
            number, told = self._sent[each["MessageId"]], each["Attributes"]
            self._handles[number] = each["ReceiptHandle"]
            seen = (number, told["ApproximateReceiveCount"])
            found.setdefault(told["MessageGroupId"], []).append(seen)
        return found

    def delete(self, place: int) -> None:
        for number in self._in_hand(place):
            handle = self._handles.pop(number)
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)

    def put_back(self, place: int) -> None:
        for number in self._in_hand(place):
            self._hide(self._handles.pop(number), 0)

    def hide(self, place: int) -> None:
        for number in self._in_hand(place):
            self._hide(self._handles[number], LONG)

    def depth(self) -> tuple[str, ...]:
        """Waiting, also behind others of their group, and in somebody's hand."""
        kinds = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        return tuple(answer["Attributes"][kind] for kind in kinds)

    def _in_hand(self, place: int) -> list[int]:
        return sorted(self._handles)[place : place + 1]

    def _hide(self, handle: str, seconds: int) -> None:
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=seconds
        )


def sent(*messages: str) -> list[Step]:
    return [("send", (each[0], each[1])) for each in messages]


ALL: Step = ("receive", (10,))


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([*sent("A1", "B1", "A2"), ALL, *sent("A3", "C1"), ALL, ("depth", ())])
@example([*sent("A1", "A2"), ("receive", (1,)), ALL, ("put_back", (0,)), ALL])
@example([*sent("A1", "A2"), ALL, *sent("A3"), ("delete", (0,)), ALL, ("delete", (0,)), ALL])
@example([*sent("A1", "A2"), ALL, ("put_back", (1,)), ALL, ("put_back", (0,)), ALL])
@example([*sent("A1", "B1"), ALL, ("delete", (0,)), *sent("A1", "B1", "B2"), ALL, ("depth", ())])
@given(st.lists(steps, min_size=1, max_size=16))
def test_groups_are_ordered_held_up_and_kept_free_of_repeats_the_same(
    stack: Stack, sequence: list[Step]
) -> None:
    sqs, spec = stack.client("sqs"), spec_of("twin", fifo=True)
    name = f"twin-{uuid.uuid4().hex[:8]}.fifo"
    url = sqs.create_queue(QueueName=name, Attributes=ATTRIBUTES)["QueueUrl"]
    theirs, ours = Queue(sqs, url), Queue(Calm({spec.name: spec}).queues, spec.url)

    for what, arguments in sequence:
        answer = getattr(theirs, what)(*arguments)
        assert getattr(ours, what)(*arguments) == answer, (what, arguments)
    sqs.delete_queue(QueueUrl=url)


# Stops in a group at the first message that fails, as a function that keeps the order must.
FUNCTION = """
def handler(event, context):
    failed, stopped = [], set()
    for record in event["Records"]:
        body, told = record["body"], record["attributes"]
        group = told["MessageGroupId"]
        bad = "bad" in body or ("late" in body and told["ApproximateReceiveCount"] == "1")
        if group in stopped or bad:
            stopped.add(group)
            failed.append({"itemIdentifier": record["messageId"]})
            continue
        print(f"saw {body}")
    return {"batchItemFailures": failed}
"""
BODIES = ("A good 1", "B late 1", "A late 2", "C bad 1", "B good 2", "A good 3")


def test_a_function_sees_each_group_in_its_order_and_letters_keep_their_group(
    stack: Stack,
) -> None:
    theirs = EnginesFeed(stack, FUNCTION, fifo=True)
    try:
        theirs.send(BODIES)
        eventually(theirs.settled)
        seen, letters = theirs.seen(), theirs.letters()
    finally:
        theirs.stop()

    ours, our_letters = simulated_feed(FUNCTION, BODIES, fifo=True)
    for group in "ABC":
        wanted = [f"saw {each}" for each in BODIES if each[0] == group and "bad" not in each]
        assert _of(group, seen) == _of(group, ours) == wanted
    assert letters == our_letters == [("C", "C bad 1")]


def _of(group: str, lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(f"saw {group}")]
