"""Bus, queues, keys, secrets, buckets and event source mappings in memory, with the botocore
clients' methods, arguments and errors.
"""

import hashlib
import io
import json
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
        names = {entry["DetailType"], json.loads(entry["Detail"])["meta"]["event_id"]}
        if names & self.refused:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "the bus is busy"}
        self.entries.append(entry)
        return {"EventId": str(len(self.entries))}


@dataclass
class MemoryQueues(Resettable):
    bodies: list[str] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> Any:
        assert QueueUrl.startswith("https://")
        self.bodies.append(MessageBody)
        return {"MessageId": str(len(self.bodies))}


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
    """The newest version of each object; asking for another version finds nothing."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def put(self, bucket: str, key: str, content: bytes) -> str:
        """The version id."""
        self.objects[bucket, key] = content
        return version_of(content)

    def get_object(self, *, Bucket: str, Key: str, VersionId: str = "", Range: str = "") -> Any:
        content = self._find(Bucket, Key, VersionId)
        start = int(Range.removeprefix("bytes=").removesuffix("-")) if Range else 0
        return {"Body": io.BytesIO(content[start:]), "ContentLength": len(content) - start}

    def head_object(self, *, Bucket: str, Key: str) -> Any:
        return {"VersionId": version_of(self._find(Bucket, Key, ""))}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, **page: str) -> Any:
        """One object a page, so that readers must follow the token."""
        keys = sorted(k for bucket, k in self.objects if bucket == Bucket and k.startswith(Prefix))
        at = int(page.get("ContinuationToken", "0"))
        more = {"NextContinuationToken": str(at + 1)} if at + 1 < len(keys) else {}
        found = {"Contents": [{"Key": key} for key in keys[at : at + 1]]} if keys else {}
        return {"IsTruncated": bool(more), **found, **more}

    def _find(self, bucket: str, key: str, version_id: str) -> bytes:
        content = self.objects.get((bucket, key))
        if content is None or version_id not in ("", version_of(content)):
            raise refusal("NoSuchKey", "GetObject")
        return content


def version_of(content: bytes) -> str:
    return f"v-{hashlib.sha256(content).hexdigest()[:20]}"


@dataclass
class MemoryMappings(Resettable):
    """One event source mapping; `seen` records its switches."""

    enabled: bool = True
    seen: list[bool] = field(default_factory=list)

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> Any:
        self.enabled = Enabled
        self.seen.append(Enabled)
        return {"UUID": UUID}

    def get_event_source_mapping(self, *, UUID: str) -> Any:
        return {"UUID": UUID, "State": "Enabled" if self.enabled else "Disabled"}
