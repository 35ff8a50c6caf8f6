"""Queues that feed a function, on the engine and in the simulation."""

import dataclasses
import io
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from tests.engine.live import Stack
from tests.engine.own_services import physical_names
from tests.engine.simulated import Calm
from tests.simulation.plan import QueueSpec
from tests.simulation.template import deployed

MAX_RECEIVES = 3


def spec_of(name: str, letters: str | None = None, *, fifo: bool = False) -> QueueSpec:
    return QueueSpec(
        fifo=fifo,
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


def simulated_feed(
    function: str, bodies: Sequence[str], *, fifo: bool = False
) -> tuple[list[str], list[tuple[str | None, str]]]:
    """What the function saw, and group and body of the letters, as from an EnginesFeed."""
    specs = {
        "twin": spec_of("twin", letters="letters", fifo=fifo),
        "letters": spec_of("letters", fifo=fifo),
    }
    calm, seen = Calm(specs), list[str]()
    source = "PostBatchQueue" if fifo else "PostQueue"
    (mapping,) = (each for each in deployed().mappings if each.source_name == source)
    space: dict[str, Any] = {"print": seen.append}
    exec(function, space)  # noqa: S102 (the text that the engine runs)
    fed = dataclasses.replace(mapping, source_name="twin")
    calm.feed(fed, lambda event: space["handler"](event, None))
    for body in bodies:
        group = body.split()[0] if fifo else None
        calm.queues.named["twin"].send(body, group=group, name=body if fifo else None)
    calm.wait(60.0)
    assert calm.queues.named["twin"].messages == {}
    letters = calm.queues.named["letters"].messages.values()
    return seen, sorted((each.group, each.body) for each in letters)


class EnginesFeed:
    """A queue, its letters, and a function that is fed from it as Post is."""

    def __init__(self, stack: Stack, function: str, *, fifo: bool = False) -> None:
        self._sqs, self._lambda = stack.client("sqs"), stack.client("lambda")
        self._logs = stack.client("logs")
        self._name = f"twin-{uuid.uuid4().hex[:8]}"
        self._fifo = fifo
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
            Code={"ZipFile": _zipped("twin.py", function)},
        )
        mapping = self._lambda.create_event_source_mapping(
            EventSourceArn=arn,
            FunctionName=self._name,
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            Enabled=False,
        )
        self._mapping = mapping["UUID"]

    def send(self, bodies: Sequence[str]) -> None:
        """All of them lie there before the function sees one; in a FIFO queue in the group that is
        a body's first word.
        """
        for body in bodies:
            group = {"MessageGroupId": body.split()[0], "MessageDeduplicationId": body}
            named = group if self._fifo else {}
            self._sqs.send_message(QueueUrl=self._url, MessageBody=body, **named)
        self._lambda.update_event_source_mapping(UUID=self._mapping, Enabled=True)

    def settled(self) -> bool:
        told = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return all(told["Attributes"][name] == "0" for name in names)

    def seen(self) -> list[str]:
        """The lines that the function wrote, in their order."""
        group = f"/aws/lambda/{self._name}"
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = (line for page in pages for each in page["events"] for line in _lines(each))
        return [line for line in lines if line.startswith("saw ")]

    def letters(self) -> list[tuple[str | None, str]]:
        """Group, if there are groups, and body of each."""
        answer = self._sqs.receive_message(
            QueueUrl=self._letters, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return sorted(
            (each["Attributes"].get("MessageGroupId"), each["Body"])
            for each in answer.get("Messages", [])
        )

    def stop(self) -> None:
        self._lambda.delete_event_source_mapping(UUID=self._mapping)
        self._lambda.delete_function(FunctionName=self._name)
        for url in (self._url, self._letters):
            self._sqs.delete_queue(QueueUrl=url)

    def _queue(self, name: str, **attributes: str) -> tuple[str, str]:
        kind = {"FifoQueue": "true"} if self._fifo else {}
        url = self._sqs.create_queue(
            QueueName=f"{name}.fifo" if self._fifo else name, Attributes=kind | attributes
        )["QueueUrl"]
        told = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, told["Attributes"]["QueueArn"]


def _lines(event: dict[str, Any]) -> Iterator[str]:
    yield from event["message"].splitlines()


def _zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()
