"""Queues and their dead letters: nothing that fails is lost, and somebody hears of it."""

from typing import Any

import pytest

from domain import letters
from tests.template.reading import (
    functions,
    holders,
    listed,
    named,
    of_type,
    properties,
    statements,
    written,
)

QUEUES = of_type("AWS::SQS::Queue")
LETTERS = sorted(name for name in QUEUES if name.endswith("DeadLetters"))
WORK = sorted(QUEUES.keys() - set(LETTERS))
FOURTEEN_DAYS = 14 * 24 * 3600


def queue_events() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, event["Properties"])
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]


@pytest.mark.parametrize("queue", WORK)
def test_a_queue_gives_up_into_its_dead_letters_after_ten_receptions(queue: str) -> None:
    redrive = properties(queue)["RedrivePolicy"]

    assert named(redrive["deadLetterTargetArn"]) == queue.replace("Queue", "DeadLetters")
    assert redrive["maxReceiveCount"] == 10


@pytest.mark.parametrize("queue", WORK + LETTERS)
def test_a_message_may_lie_for_fourteen_days(queue: str) -> None:
    assert properties(queue)["MessageRetentionPeriod"] == FOURTEEN_DAYS


def test_a_fifo_queue_has_fifo_letters_and_high_throughput_for_each_group() -> None:
    ordered = sorted(name for name in QUEUES if properties(name).get("FifoQueue"))

    assert ordered == ["PostBatchDeadLetters", "PostBatchQueue"]
    queue = properties("PostBatchQueue")
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    # Its senders name each message: equal bodies may be two receptions of one record.
    assert "ContentBasedDeduplication" not in queue
    (event,) = [each for name, each in queue_events() if name == "PostBatchFunction"]
    assert event["BatchSize"] <= 10
    assert "MaximumBatchingWindowInSeconds" not in event


def test_records_come_to_the_batch_by_post_and_by_redrive_only() -> None:
    assert holders("sqs:SendMessage", "PostBatchQueue") == {"PostRole", "RedriveRole"}
    assert holders("sqs:ReceiveMessage", "PostBatchQueue") == {"PostBatchRole"}


@pytest.mark.parametrize("queue", LETTERS)
def test_one_dead_letter_rings_an_alarm(queue: str) -> None:
    alarm = properties(f"{queue}Alarm")

    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert [named(each) for each in alarm["AlarmActions"]] == ["AlarmTopic"]


@pytest.mark.parametrize("queue", WORK)
def test_a_queue_that_waits_rings_an_alarm(queue: str) -> None:
    assert properties(f"{queue}AgeAlarm")["MetricName"] == "ApproximateAgeOfOldestMessage"


@pytest.mark.parametrize("queue", LETTERS)
def test_dead_letters_lie_under_a_key_of_their_own(queue: str) -> None:
    assert named(properties(queue)["KmsMasterKeyId"]) == "LettersKey"


def test_the_bus_does_not_write_its_letters_with_its_own_key() -> None:
    bus = properties("Bus")
    letters = properties(named(bus["DeadLetterConfig"]["Arn"]))

    assert named(bus["KmsKeyIdentifier"]) == "DataKey"
    assert named(letters["KmsMasterKeyId"]) != "DataKey"


@pytest.mark.parametrize(("function", "event"), queue_events())
def test_a_message_stays_hidden_for_six_runs_of_its_function(
    function: str, event: dict[str, Any]
) -> None:
    timeout = functions()[function].get("Timeout") or written()["Globals"]["Function"]["Timeout"]

    assert properties(named(event["Queue"]))["VisibilityTimeout"] >= 6 * timeout


@pytest.mark.parametrize(("function", "event"), queue_events())
def test_a_failed_message_does_not_drag_its_batch_along(
    function: str, event: dict[str, Any]
) -> None:
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # A reference would arrive as text; an endpoint that compares numbers would stop reading.
    most = event["ScalingConfig"]["MaximumConcurrency"]["Fn::If"][1:]
    assert all(isinstance(each, int) and each >= 2 for each in most)


def test_every_queue_refuses_plain_text_and_strangers() -> None:
    covered = {
        named(queue): policy["Properties"]["PolicyDocument"]
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        for queue in policy["Properties"]["Queues"]
    }

    assert covered.keys() == QUEUES.keys()
    for queue, document in covered.items():
        (denied,) = (each for each in statements(document) if each["Effect"] == "Deny")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert queue in {named(each) for each in listed(denied["Resource"])}
        assert all(
            each["Action"] == "sqs:SendMessage"
            for each in statements(document)
            if each["Effect"] == "Allow"
        )


def test_redrive_knows_every_queue_of_dead_letters() -> None:
    assert sorted(letters.QUEUES) == LETTERS
    given = functions()["RedriveFunction"]["Environment"]["Variables"]
    named_there = {named(value) for value in given.values()}
    assert set(LETTERS) | set(WORK) <= named_there


def test_the_outputs_name_every_queue_of_dead_letters() -> None:
    joined = written()["Outputs"]["DeadLetterQueueUrls"]["Value"]["Fn::Join"][1]

    assert sorted(named(each) for each in joined) == LETTERS
