"""Bus, queues, keys, secrets, buckets and event source mappings in memory, with the botocore
clients' methods, arguments and errors.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

_ENTRIES_MAX = 10


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


class Resettable:
    """A handler keeps its client for ever, so a new test empties it instead of making another."""

    def reset(self) -> None:
        self.__dict__.update(type(self)().__dict__)


@dataclass
class MemoryBus(Resettable):
    """`refused` holds detail-type or event id: such entries fail inside a 200 answer."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    calls: int = 0

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:
        if not 0 < len(Entries) <= _ENTRIES_MAX:
            raise refusal("ValidationException", "PutEvents")
        self.calls += 1
        results = [self._put(entry) for entry in Entries]
        failed = sum(1 for result in results if "ErrorCode" in result)
        return {"FailedEntryCount": failed, "Entries": results}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.entries]

    @property
    def event_ids(self) -> list[str]:
        return [detail["meta"]["event_id"] for detail in self.details]

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        if entry["Source"].startswith("aws."):
            code = "NotAuthorizedForSourceException"
            return {"ErrorCode": code, "ErrorMessage": "Not authorized for the source."}
        names = {entry["DetailType"], json.loads(entry["Detail"])["meta"]["event_id"]}
        if names & self.refused:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "the bus is busy"}
        self.entries.append(entry)
        return {"EventId": str(len(self.entries))}


@dataclass
class Waiting:
    """A message in a queue; `hidden` while somebody has it in hand."""

    message_id: str
    body: str
    attributes: dict[str, str]
    sent_ms: int
    hidden: bool = False


@dataclass
class InGroup:
    """A message of a FIFO queue."""

    url: str
    group: str
    name: str
    body: str


@dataclass
class MemoryQueues(Resettable):
    """What functions send lies in `bodies`, what they send to FIFO queues in `in_groups`, and what
    they say of a message beside its body in `said`; `waiting` is what a test has put, by the
    queue's URL.

    `before` is called with each operation's name; a test raises there to crash.
    """

    bodies: list[str] = field(default_factory=list)
    in_groups: list[InGroup] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    waiting: dict[str, list[Waiting]] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _operation: None
    full: bool = False

    def put(self, url: str, body: str, sent_ms: int = 0, **attributes: str) -> str:
        """The message's id."""
        lying = self.waiting.setdefault(url, [])
        self._numbered += 1
        lying.append(Waiting(f"letter-{self._numbered}", body, attributes, sent_ms))
        return lying[-1].message_id

    def seen(self, url: str) -> list[Waiting]:
        """What anybody could receive now."""
        return [each for each in self.waiting.get(url, []) if not each.hidden]

    def time_passes(self) -> None:
        """What was in hand is visible again, and names may be used again."""
        self._names.clear()
        for lying in self.waiting.values():
            for each in lying:
                each.hidden = False

    def send_message(
        self,
        *,
        QueueUrl: str,
        MessageBody: str,
        MessageAttributes: dict[str, Any] | None = None,
        **fifo: str,
    ) -> Any:
        assert QueueUrl.startswith("https://")
        self.before("SendMessage")
        if self.full:
            raise refusal("OverLimit", "SendMessage")
        if QueueUrl.endswith(".fifo"):
            self._into_group(QueueUrl, MessageBody, **fifo)
        elif fifo:
            raise refusal("InvalidParameterValue", "SendMessage")
        else:
            self.bodies.append(MessageBody)
            if MessageAttributes:
                self.said[MessageBody] = MessageAttributes
        return {"MessageId": str(len(self.bodies) + len(self.in_groups))}

    def _into_group(
        self, url: str, body: str, *, MessageGroupId: str, MessageDeduplicationId: str
    ) -> None:
        """A name that was used within five minutes is answered, and the message dropped."""
        if (MessageGroupId, MessageDeduplicationId) not in self._names:
            self._names.add((MessageGroupId, MessageDeduplicationId))
            self.in_groups.append(InGroup(url, MessageGroupId, MessageDeduplicationId, body))

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_wanted: Any) -> Any:
        found = self.seen(QueueUrl)[:MaxNumberOfMessages]
        for each in found:
            each.hidden = True
        return {"Messages": [_message(each) for each in found]} if found else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> Any:
        self.before("DeleteMessage")
        lying = self.waiting[QueueUrl]
        self.waiting[QueueUrl] = [each for each in lying if each.message_id != ReceiptHandle]

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> Any:
        assert VisibilityTimeout == 0
        for each in self.waiting[QueueUrl]:
            each.hidden = each.hidden and each.message_id != ReceiptHandle

    _numbered: int = 0
    _names: set[tuple[str, str]] = field(default_factory=set)


def _message(each: Waiting) -> dict[str, Any]:
    given = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in each.attributes.items()
    }
    return {
        "MessageId": each.message_id,
        "ReceiptHandle": each.message_id,
        "Body": each.body,
        "Attributes": {"SentTimestamp": str(each.sent_ms)},
        **({"MessageAttributes": given} if given else {}),
    }


@dataclass
class MemoryWorkflows(Resettable):
    """Executions that were started, by their input; `machine` carries out those waited for."""

    inputs: list[str] = field(default_factory=list)
    machine: Callable[[str, str], dict[str, Any]] | None = None

    def start_execution(self, *, stateMachineArn: str, input: str) -> Any:
        assert stateMachineArn.startswith("arn:")
        self.inputs.append(input)
        return {"executionArn": f"{stateMachineArn}:{len(self.inputs)}"}

    def start_sync_execution(self, *, stateMachineArn: str, input: str) -> Any:
        assert self.machine is not None
        return self.machine(stateMachineArn, input)


@dataclass
class MemoryDelivery(Resettable):
    """What a delivery stream was given."""

    records: list[bytes] = field(default_factory=list)

    def put_record(self, *, DeliveryStreamName: str, Record: dict[str, bytes]) -> Any:
        assert "/" not in DeliveryStreamName
        self.records.append(Record["Data"])
        return {"RecordId": str(len(self.records))}


@dataclass
class MemoryTopics(Resettable):
    """What was published."""

    messages: list[str] = field(default_factory=list)

    def publish(self, *, TopicArn: str, Message: str) -> Any:
        assert TopicArn.startswith("arn:")
        self.messages.append(Message)
        return {"MessageId": str(len(self.messages))}


@dataclass
class MemoryKms(Resettable):
    """Encrypts by hashing: no test can read a card number back. `down` refuses all calls."""

    down: bool = False
    contexts: list[dict[str, str]] = field(default_factory=list)

    def encrypt(self, *, KeyId: str, Plaintext: bytes, EncryptionContext: dict[str, str]) -> Any:
        if self.down:
            raise refusal("KMSInternalException", "Encrypt")
        self.contexts.append(EncryptionContext)
        return {"CiphertextBlob": hashlib.sha256(KeyId.encode() + Plaintext).digest()}


@dataclass
class MemorySecrets:
    values: dict[str, str]

    def get_secret_value(self, *, SecretId: str) -> Any:
        if SecretId not in self.values:
            raise refusal("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.values[SecretId]}


@dataclass
class MemoryBuckets(Resettable):
    """`objects` are the newest versions; what was `put` before is found by its version."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str, str], bytes] = field(default_factory=dict)

    def put(self, bucket: str, key: str, content: bytes) -> str:
        """The version id."""
        self.objects[bucket, key] = content
        self.versions[bucket, key, version_of(content)] = content
        return version_of(content)

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes,
        ContentType: str = "binary/octet-stream",
        IfNoneMatch: str | None = None,
    ) -> Any:
        if IfNoneMatch == "*" and (Bucket, Key) in self.objects:
            raise refusal("PreconditionFailed", "PutObject")
        return {"VersionId": self.put(Bucket, Key, Body)}

    def get_object(self, *, Bucket: str, Key: str, VersionId: str = "", Range: str = "") -> Any:
        content = self._find("GetObject", Bucket, Key, VersionId)
        start = int(Range.removeprefix("bytes=").removesuffix("-")) if Range else 0
        if Range and start >= len(content):
            raise refusal("InvalidRange", "GetObject")
        return {"Body": io.BytesIO(content[start:]), "ContentLength": len(content) - start}

    def head_object(self, *, Bucket: str, Key: str) -> Any:
        content = self._find("HeadObject", Bucket, Key, "")
        return {"VersionId": version_of(content), "ContentLength": len(content)}

    def list_objects_v2(
        self, *, Bucket: str, Prefix: str, StartAfter: str = "", **page: str
    ) -> Any:
        """One object a page, so that readers must follow the token."""
        keys = sorted(
            key
            for bucket, key in self.objects
            if bucket == Bucket and key.startswith(Prefix) and key > StartAfter
        )
        at = int(page.get("ContinuationToken", "0"))
        more = {"NextContinuationToken": str(at + 1)} if at + 1 < len(keys) else {}
        found = {"Contents": [{"Key": key} for key in keys[at : at + 1]]} if keys else {}
        return {"IsTruncated": bool(more), **found, **more}

    def _find(self, operation: str, bucket: str, key: str, version_id: str) -> bytes:
        if (bucket, key, version_id) in self.versions:
            return self.versions[bucket, key, version_id]
        content = self.objects.get((bucket, key))
        if content is not None and version_id in ("", version_of(content)):
            return content
        if version_id:
            raise refusal("NoSuchVersion", operation)
        # The answer to HEAD has no body that could name the error.
        raise refusal("404" if operation == "HeadObject" else "NoSuchKey", operation)


def version_of(content: bytes) -> str:
    return f"v-{hashlib.sha256(content).hexdigest()[:20]}"


@dataclass
class MemoryMappings(Resettable):
    """Functions that were invoked, and event source mappings: `seen` records their switches."""

    off: set[str] = field(default_factory=set)
    seen: list[bool] = field(default_factory=list)
    invoked: list[tuple[str, bytes]] = field(default_factory=list)
    function: Callable[[Any], Any] | None = None

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:
        if InvocationType == "RequestResponse":
            assert self.function is not None
            told = json.dumps(self.function(json.loads(Payload))).encode()
            return {"StatusCode": 200, "Payload": io.BytesIO(told)}
        assert InvocationType == "Event"
        self.invoked.append((FunctionName, Payload))
        return {"StatusCode": 202}

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> Any:
        self.off = self.off - {UUID} if Enabled else self.off | {UUID}
        self.seen.append(Enabled)
        return {"UUID": UUID}

    def get_event_source_mapping(self, *, UUID: str) -> Any:
        return {"UUID": UUID, "State": "Disabled" if UUID in self.off else "Enabled"}
