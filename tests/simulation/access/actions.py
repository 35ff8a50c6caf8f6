"""The actions behind every call that functions, workflows and services make.

A call on data under a customer's key needs that key too: DynamoDB, SQS, SNS, S3 and Secrets Manager
ask for it in the caller's name. The bus does not: it opens its key in its own (see Permissions).

Not simulated: that a service keeps a data key for some minutes and so asks KMS more rarely, the
grants by which DynamoDB and Firehose work on their own behalf, and the encryption context that
services send to KMS, except for the bus.
"""

from collections.abc import Callable, Mapping
from functools import partial

from tests.simulation.access.needs import NOTHING_KNOWN, Call, Need, Needs, through
from tests.simulation.access.table_actions import TableActions
from tests.simulation.plan import Plan
from tests.simulation.reading import names
from tests.simulation.reading.refusal import NotUnderstood

# The action of a call, and what it does with the key.
type Keyed = Mapping[str, tuple[str, tuple[str, ...]]]

QUEUE_CALLS: Keyed = {
    "ChangeMessageVisibility": ("sqs:ChangeMessageVisibility", ()),
    "ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility", ()),
    "DeleteMessage": ("sqs:DeleteMessage", ()),
    "DeleteMessageBatch": ("sqs:DeleteMessage", ()),
    "GetQueueAttributes": ("sqs:GetQueueAttributes", ()),
    "ReceiveMessage": ("sqs:ReceiveMessage", ("kms:Decrypt",)),
    "SendMessage": ("sqs:SendMessage", ("kms:GenerateDataKey", "kms:Decrypt")),
    "SendMessageBatch": ("sqs:SendMessage", ("kms:GenerateDataKey", "kms:Decrypt")),
}
OBJECT_CALLS: Keyed = {
    "GetObject": ("s3:GetObject", ("kms:Decrypt",)),
    "HeadObject": ("s3:GetObject", ("kms:Decrypt",)),
    "PutObject": ("s3:PutObject", ("kms:GenerateDataKey",)),
}
KEY_CALLS = ("Decrypt", "Encrypt", "GenerateDataKey")
MAPPING_CALLS = ("GetEventSourceMapping", "UpdateEventSourceMapping")
MACHINE_CALLS = ("StartExecution", "StartSyncExecution")
STREAM_CALLS = ("PutRecord", "PutRecordBatch")


class Actions:
    """Calls go by the name of their operation: no two of the services used here share one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._queues = {queue.url: queue for queue in plan.queues.values()}
        self._secrets = {secret.arn: secret for secret in plan.secrets.values()}
        self._topics = {topic.arn: topic for topic in plan.topics.values()}
        self._mappings = {mapping.uuid: mapping for mapping in plan.mappings}
        self._operations: dict[str, Callable[[Call], Needs]] = {
            **TableActions(plan).operations(),
            **{name: partial(self._of_queue, name) for name in QUEUE_CALLS},
            **{name: partial(self._of_object, name) for name in OBJECT_CALLS},
            **{name: partial(self._of_key, name) for name in KEY_CALLS},
            **{name: partial(self._of_mapping, name) for name in MAPPING_CALLS},
            **{name: partial(self._of_machine, name) for name in MACHINE_CALLS},
            **{name: partial(self._of_firehose, name) for name in STREAM_CALLS},
            "GetSecretValue": self._secret,
            "Invoke": self._invoke,
            "ListObjectsV2": self._list,
            "Publish": self._publish,
            "PutEvents": self._put_events,
        }

    @property
    def known(self) -> frozenset[str]:
        """The operations whose actions are known."""
        return frozenset(self._operations)

    def needed(self, operation: str, call: Call) -> Needs:
        """`operation` as botocore or as the ASL writes it: TransactWriteItems, sendMessage."""
        known = operation[:1].upper() + operation[1:]
        if known not in self._operations:
            raise NotUnderstood(operation, "the actions behind this call are not known here")
        return self._operations[known](call)

    def _put_events(self, call: Call) -> Needs:
        """Every entry is checked; AWS refuses the call when it refuses one."""
        for entry in call["Entries"]:
            bus = entry.get("EventBusName", "default")
            named = bus if bus.startswith("arn:") else names.arn("AWS::Events::EventBus", bus)
            said = {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]}
            yield Need("events:PutEvents", named, said)

    def _of_queue(self, operation: str, call: Call) -> Needs:
        action, with_key = QUEUE_CALLS[operation]
        queue = self._queues[call["QueueUrl"]]
        yield Need(action, queue.arn, NOTHING_KNOWN)
        yield from through("sqs", queue.kms_key, *with_key)

    def _publish(self, call: Call) -> Needs:
        topic = self._topics[call["TopicArn"]]
        yield Need("sns:Publish", topic.arn, NOTHING_KNOWN)
        yield from through("sns", topic.kms_key, "kms:GenerateDataKey", "kms:Decrypt")

    def _of_firehose(self, operation: str, call: Call) -> Needs:
        stream = self._plan.firehoses[call["DeliveryStreamName"]]
        yield Need(f"firehose:{operation}", stream.arn, NOTHING_KNOWN)

    def _of_object(self, operation: str, call: Call) -> Needs:
        action, with_key = OBJECT_CALLS[operation]
        bucket = self._plan.buckets[call["Bucket"]]
        versioned = "Version" if "VersionId" in call else ""
        yield Need(action + versioned, f"{bucket.arn}/{call['Key']}", NOTHING_KNOWN)
        yield from through("s3", bucket.kms_key, *with_key)

    def _list(self, call: Call) -> Needs:
        yield Need("s3:ListBucket", self._plan.buckets[call["Bucket"]].arn, NOTHING_KNOWN)

    def _secret(self, call: Call) -> Needs:
        secret = self._secrets[call["SecretId"]]
        yield Need("secretsmanager:GetSecretValue", secret.arn, NOTHING_KNOWN)
        yield from through("secretsmanager", secret.kms_key, "kms:Decrypt")

    def _of_key(self, operation: str, call: Call) -> Needs:
        key = call["KeyId"]
        arn = key if key.startswith("arn:") else names.arn("AWS::KMS::Key", key)
        bound = call.get("EncryptionContext", {})
        context: dict[str, str | tuple[str, ...]] = {
            f"kms:EncryptionContext:{name}": value for name, value in bound.items()
        }
        yield Need(f"kms:{operation}", arn, context | {"kms:EncryptionContextKeys": tuple(bound)})

    def _invoke(self, call: Call) -> Needs:
        """By a function's name or by its ARN."""
        name = call["FunctionName"].rpartition(":")[2]
        yield Need("lambda:InvokeFunction", self._plan.functions[name].arn, NOTHING_KNOWN)

    def _of_mapping(self, operation: str, call: Call) -> Needs:
        mapping = self._mappings[call["UUID"]]
        function = self._plan.functions[mapping.function].arn
        yield Need(f"lambda:{operation}", mapping.arn, {"lambda:FunctionArn": function})

    def _of_machine(self, operation: str, call: Call) -> Needs:
        yield Need(f"states:{operation}", call["stateMachineArn"], NOTHING_KNOWN)
