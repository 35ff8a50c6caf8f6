"""What FIFO queues of AWS do with time, and what the engine is known not to do as they do."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.refusals import code_of
from tests.simulation import template
from tests.simulation.services.queues import Queues

PLAN = template.deployed()
URL = PLAN.queues["PostBatchQueue"].url
STANDARD_URL = PLAN.queues["PostQueue"].url
HIDDEN_SECONDS = PLAN.queues["PostBatchQueue"].visibility_seconds


class Time:
    seconds = 0.0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def queues(time: Time) -> Queues:
    return Queues(PLAN.queues, lambda: time.seconds)


def send(queues: Queues, *messages: str) -> None:
    """Each by its group and its name: A1."""
    for each in messages:
        queues.send_message(
            QueueUrl=URL, MessageBody=each, MessageGroupId=each[0], MessageDeduplicationId=each
        )


def receive(queues: Queues, most: int = 10) -> list[dict[str, Any]]:
    answer = queues.receive_message(QueueUrl=URL, MaxNumberOfMessages=most)
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def bodies(messages: list[dict[str, Any]]) -> Iterator[str]:
    return (each["Body"] for each in messages)


def test_an_answer_holds_as_much_of_a_group_as_there_is_before_the_next_group(
    queues: Queues,
) -> None:
    send(queues, "A1", "B1", "A2", "B2")

    assert [*bodies(receive(queues, most=3))] == ["A1", "A2", "B1"]


def test_a_group_is_held_up_until_the_time_of_what_is_in_hand_is_over(
    queues: Queues, time: Time
) -> None:
    send(queues, "A1", "A2", "B1")
    receive(queues, most=1)
    assert [*bodies(receive(queues))] == ["B1"]

    time.seconds += HIDDEN_SECONDS
    assert [*bodies(receive(queues))] == ["A1", "A2", "B1"]


def test_a_name_is_kept_out_for_five_minutes_also_of_a_message_that_is_gone(
    queues: Queues, time: Time
) -> None:
    send(queues, "A1")
    (message,) = receive(queues)
    queues.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    time.seconds = 299.0
    send(queues, "A1")
    assert receive(queues) == []

    time.seconds = 300.0
    send(queues, "A1")
    assert [*bodies(receive(queues))] == ["A1"]


def test_a_message_whose_time_is_over_is_not_deleted(queues: Queues, time: Time) -> None:
    send(queues, "A1")
    (message,) = receive(queues)
    time.seconds += HIDDEN_SECONDS

    with pytest.raises(ClientError) as refused:
        queues.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    assert code_of(refused.value) == "InvalidParameterValue"
    assert [*bodies(receive(queues))] == ["A1"]


def test_a_standard_queue_takes_a_group_and_refuses_a_name(queues: Queues) -> None:
    sent = queues.send_message(QueueUrl=STANDARD_URL, MessageBody="a", MessageGroupId="A")
    with pytest.raises(ClientError) as refused:
        queues.send_message(QueueUrl=STANDARD_URL, MessageBody="a", MessageDeduplicationId="1")

    assert sent["MessageId"]
    assert code_of(refused.value) == "InvalidParameterValue"
