"""Queues in the simulation do as the engine's: what is seen by whom and how often, and what a
function that fails for some of its messages leaves behind.
"""

import collections
import dataclasses
import io
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.live import Stack, eventually
from tests.engine.own_services import physical_names
from tests.engine.simulated import Calm
from tests.simulation.plan import QueueSpec
from tests.simulation.template import deployed

pytestmark = pytest.mark.engine

# Longer than any sequence takes.
LONG = 600
MAX_RECEIVES = 3
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


def spec_of(name: str, letters: str | None = None) -> QueueSpec:
    return QueueSpec(
        fifo=False,
        name=name,
        url=f"https://sqs.example/{name}",
        arn=f"arn:aws:sqs:eu-central-1:123456789012:{name}",
        visibility_seconds=1,
        retention_seconds=1_209_600,
        delay_seconds=0,
        max_receives=MAX_RECEIVES if letters else None,
        letters=letters,
        kms_key=None,
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
    theirs = EnginesFeed(stack)
    try:
        theirs.send(bodies)
        eventually(theirs.settled)
        seen, letters = theirs.seen(), theirs.letters()
    finally:
        theirs.stop()

    assert (seen, letters) == simulated_feed(bodies)
    assert len(letters) == sum(body.startswith(("bad", "broken")) for body in bodies)


def simulated_feed(bodies: tuple[str, ...]) -> tuple[collections.Counter[str], list[str]]:
    specs = {"twin": spec_of("twin", letters="letters"), "letters": spec_of("letters")}
    calm, seen = Calm(specs), collections.Counter[str]()
    (mapping,) = (each for each in deployed().mappings if each.source_name == "PostQueue")
    space: dict[str, Any] = {"print": lambda line: seen.update([line])}
    exec(FUNCTION, space)  # noqa: S102 (the text above, as the engine runs it)
    fed = dataclasses.replace(mapping, source_name="twin")
    calm.feed(fed, lambda event: space["handler"](event, None))
    for body in bodies:
        calm.queues.named["twin"].send(body)
    calm.wait(60.0)
    assert calm.queues.named["twin"].messages == {}
    return seen, sorted(each.body for each in calm.queues.named["letters"].messages.values())


class EnginesFeed:
    """A queue, its letters, and a function that is fed from it as Post is."""

    def __init__(self, stack: Stack) -> None:
        self._sqs, self._lambda = stack.client("sqs"), stack.client("lambda")
        self._logs = stack.client("logs")
        self._name = f"twin-{uuid.uuid4().hex[:8]}"
        self._letters, letters_arn = self._queue(f"{self._name}-letters")
        redrive = f'{{"deadLetterTargetArn":"{letters_arn}","maxReceiveCount":{MAX_RECEIVES}}}'
        self._url, arn = self._queue(self._name, RedrivePolicy=redrive, VisibilityTimeout="1")
        post = physical_names(stack.system)["PostFunction"]
        like = self._lambda.get_function_configuration(FunctionName=post)
        self._lambda.create_function(
            FunctionName=self._name,
            Runtime=like["Runtime"],
            Role=like["Role"],
            Handler="twin.handler",
            Code={"ZipFile": _zipped("twin.py", FUNCTION)},
        )
        mapping = self._lambda.create_event_source_mapping(
            EventSourceArn=arn,
            FunctionName=self._name,
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            Enabled=False,
        )
        self._mapping = mapping["UUID"]

    def send(self, bodies: tuple[str, ...]) -> None:
        """All of them lie there before the function sees one."""
        for body in bodies:
            self._sqs.send_message(QueueUrl=self._url, MessageBody=body)
        self._lambda.update_event_source_mapping(UUID=self._mapping, Enabled=True)

    def settled(self) -> bool:
        return Queue(self._sqs, self._url).depth() == ("0", "0")

    def seen(self) -> collections.Counter[str]:
        group = f"/aws/lambda/{self._name}"
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = (line for page in pages for each in page["events"] for line in _lines(each))
        return collections.Counter(line for line in lines if line.startswith("saw "))

    def letters(self) -> list[str]:
        return sorted(
            message["Body"]
            for message in self._sqs.receive_message(
                QueueUrl=self._letters, MaxNumberOfMessages=10
            ).get("Messages", [])
        )

    def stop(self) -> None:
        self._lambda.delete_event_source_mapping(UUID=self._mapping)
        self._lambda.delete_function(FunctionName=self._name)
        for url in (self._url, self._letters):
            self._sqs.delete_queue(QueueUrl=url)

    def _queue(self, name: str, **attributes: str) -> tuple[str, str]:
        url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        told = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, told["Attributes"]["QueueArn"]


def _lines(event: dict[str, Any]) -> Iterator[str]:
    yield from event["message"].splitlines()


def _zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()
