"""Where the engine is known to do other than AWS. The fakes and the simulation follow AWS there, so
the comparisons leave these out; a test that fails here says that the engine has learnt better, and
that a comparison may take one of them in.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

import local
from local import Endpoint, aws
from local.aws import RoleSession
from tests.engine.live import Stack
from tests.engine.own_services import physical_names

pytestmark = pytest.mark.engine

DETAIL = json.dumps({"meta": {"event_id": "e"}, "data": {}})


def entry(**changes: Any) -> dict[str, Any]:
    return {"Source": "twin", "DetailType": "Nothing", "Detail": DETAIL} | changes


@pytest.fixture(scope="module")
def endpoint(stack: Stack) -> Endpoint:
    found = local.endpoint()
    assert found is not None
    assert found.url == stack.system.url
    return found


@pytest.fixture(scope="module")
def bus(stack: Stack) -> str:
    name = f"lies-{uuid.uuid4().hex[:8]}"
    stack.client("events").create_event_bus(Name=name)
    return name


@pytest.fixture(scope="module")
def table(stack: Stack) -> Iterator[str]:
    name, dynamodb = f"lies-{uuid.uuid4().hex[:8]}", stack.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    item = {"pk": {"S": "1"}, "available": {"S": "12"}, "history": {"S": "none"}}
    dynamodb.put_item(TableName=name, Item=item)
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.mark.parametrize(
    "changes",
    [
        {"Detail": json.dumps({"text": "x" * 300_000})},
        {"Detail": json.dumps({"text": "x" * 1_100_000})},
        {"Detail": "{no json"},
        {"Detail": "[]"},
    ],
    ids=["300 KB", "1.1 MB", "malformed", "a list"],
)
def test_the_bus_takes_what_aws_refuses(stack: Stack, bus: str, changes: dict[str, Any]) -> None:
    answer = stack.client("events").put_events(Entries=[entry(EventBusName=bus, **changes)])

    assert answer["FailedEntryCount"] == 0


def test_a_bus_that_is_not_there_takes_events(stack: Stack) -> None:
    answer = stack.client("events").put_events(Entries=[entry(EventBusName="nowhere")])

    assert answer["FailedEntryCount"] == 0


def test_no_events_at_all_are_taken(endpoint: Endpoint) -> None:
    # A client that does not look at its parameters first.
    assert aws.client(endpoint, "events").put_events(Entries=[])["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    ("update", "values"),
    [
        ("SET available = available + :one", {":one": {"N": "1"}}),
        ("SET history = list_append(history, :entry)", {":entry": {"L": []}}),
    ],
    ids=["arithmetic", "list_append"],
)
def test_an_update_takes_a_text_for_a_number_or_a_list(
    stack: Stack, table: str, update: str, values: dict[str, Any]
) -> None:
    stack.client("dynamodb").update_item(
        TableName=table,
        Key={"pk": {"S": "1"}},
        UpdateExpression=update,
        ExpressionAttributeValues=values,
    )


@pytest.mark.parametrize(
    "key", [{}, {"pk": {"S": "1"}, "more": {"S": "than the key"}}], ids=["missing", "too much"]
)
def test_a_transaction_takes_a_key_that_is_none(
    stack: Stack, table: str, key: dict[str, Any]
) -> None:
    check = {
        "TableName": table,
        "Key": key,
        "ConditionExpression": "attribute_not_exists(nothing)",
    }

    stack.client("dynamodb").transact_write_items(TransactItems=[{"ConditionCheck": check}])


def test_a_rule_tells_nobody_of_a_target_that_is_not_there(stack: Stack, bus: str) -> None:
    """On AWS the event would lie in the target's letters."""
    events, sqs = stack.client("events"), stack.client("sqs")
    url = sqs.create_queue(QueueName=bus)["QueueUrl"]
    letters = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = letters["Attributes"]["QueueArn"]
    events.put_rule(Name=bus, EventBusName=bus, EventPattern='{"source": ["twin"]}')
    target = {"Id": "gone", "Arn": f"{arn}-gone", "DeadLetterConfig": {"Arn": arn}}
    events.put_targets(Rule=bus, EventBusName=bus, Targets=[target])

    events.put_events(Entries=[entry(EventBusName=bus)])

    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_a_wrong_secret_of_the_root_user_passes(stack: Stack) -> None:
    client: Any = botocore.session.get_session().create_client(
        "sqs",
        endpoint_url=stack.system.url,
        region_name=stack.system.region,
        aws_access_key_id="test",
        aws_secret_access_key="another",
    )

    assert client.list_queues()["QueueUrls"]


@pytest.fixture
def under_role(stack: Stack, endpoint: Endpoint) -> Callable[[str], RoleSession]:
    """Clients under a role of the template, by its logical id."""

    def session(role: str) -> RoleSession:
        name = physical_names(stack.system)[role]
        arn = stack.client("iam").get_role(RoleName=name)["Role"]["Arn"]
        return RoleSession(endpoint, arn, "a-test")

    return session


def test_a_role_may_not_read_the_stream_that_its_policy_names(
    stack: Stack, under_role: Callable[[str], RoleSession]
) -> None:
    """AWS checks the stream's ARN, the engine checks `*`; the companion therefore reads as root."""
    inbox = physical_names(stack.system)["InboxTable"]
    stream = stack.client("dynamodb").describe_table(TableName=inbox)["Table"]["LatestStreamArn"]

    with pytest.raises(ClientError, match="AccessDenied"):
        under_role("InboxPipeRole").client("dynamodbstreams").describe_stream(StreamArn=stream)


def test_a_role_may_read_items_that_its_policy_leaves_out(
    stack: Stack, under_role: Callable[[str], RoleSession]
) -> None:
    """`dynamodb:LeadingKeys` allows Ingest one item of the Reference table."""
    answer = (
        under_role("IngestRole")
        .client("dynamodb")
        .get_item(
            TableName=stack.system.table("Reference"),
            Key={"pk": {"S": "RULES"}, "sk": {"S": "CURRENT"}},
        )
    )

    assert "Item" in answer


def test_a_secret_is_referred_to_by_its_name(stack: Stack) -> None:
    assert not physical_names(stack.system)["IndexSecret"].startswith("arn:")


def test_a_notice_of_s3_names_no_version(stack: Stack) -> None:
    events, sqs, s3 = (stack.client(name) for name in ("events", "sqs", "s3"))
    name = f"lies-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}})
    events.put_rule(Name=name, EventPattern=pattern)
    target = {"Id": "heard", "Arn": told["Attributes"]["QueueArn"]}
    events.put_targets(Rule=name, Targets=[target])

    version = s3.put_object(Bucket=name, Key="a.jsonl", Body=b"a")["VersionId"]

    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert version
    assert "version-id" not in json.loads(message["Body"])["detail"]["object"]


def test_a_fifo_queue_answers_in_its_own_order_and_keeps_no_group_together(stack: Stack) -> None:
    sqs = stack.client("sqs")
    url = fifo_queue(sqs)
    for group, name in (("A", "1"), ("B", "1"), ("A", "2")):
        sqs.send_message(
            QueueUrl=url, MessageBody=group, MessageGroupId=group, MessageDeduplicationId=name
        )

    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]

    assert [each["Body"] for each in answer] == ["A", "B"]


def test_a_fifo_queue_deletes_by_a_handle_whose_time_is_over(stack: Stack) -> None:
    sqs = stack.client("sqs")
    url = fifo_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="A", MessageGroupId="A", MessageDeduplicationId="1")
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]

    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_standard_queue_takes_a_name_for_a_message(stack: Stack) -> None:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName=f"lies-{uuid.uuid4().hex[:8]}")["QueueUrl"]

    answer = sqs.send_message(QueueUrl=url, MessageBody="A", MessageDeduplicationId="1")

    assert "MessageId" in answer


def fifo_queue(sqs: Any) -> str:
    attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
    attributes["FifoThroughputLimit"] = "perMessageGroupId"
    name = f"lies-{uuid.uuid4().hex[:8]}.fifo"
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
