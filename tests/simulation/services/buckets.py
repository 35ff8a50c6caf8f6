"""S3: versioned objects, and the notice of each new one on the account's own bus."""

import io
from typing import TYPE_CHECKING, Any

from tests.simulation.services.database import refusal

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_PAGE = 4


class Buckets:
    def __init__(self, run: "CloudRun") -> None:
        self.objects: dict[str, dict[str, list[tuple[str, bytes]]]] = {
            name: {} for name in run.plan.buckets
        }
        self._run = run
        self.count = 0

    def put(self, bucket: str, key: str, content: bytes) -> str:
        """Store an object; returns its version id. Its notice may come twice."""
        run = self._run
        self.count += 1
        version = f"v{self.count}"
        self.objects[bucket].setdefault(key, []).append((version, content))
        if run.plan.buckets[bucket].notifies_bus:
            detail = {
                "version": "0",
                "bucket": {"name": bucket},
                "object": {"key": key, "size": len(content), "version-id": version},
                "reason": "PutObject",
            }
            run.bus.publish("default", "aws.s3", "Object Created", detail)
            if run.hits("notice twice", key):
                run.bus.publish("default", "aws.s3", "Object Created", detail)
        return version

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str | None = None, **_request: Any
    ) -> Any:
        if IfNoneMatch == "*" and Key in self.objects[Bucket]:
            raise refusal("PreconditionFailed", "PutObject")
        return {"VersionId": self.put(Bucket, Key, bytes(Body))}

    def get_object(
        self,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        Range: str = "",
    ) -> Any:
        content = self._find("GetObject", Bucket, Key, VersionId)[1]
        start = int(Range.removeprefix("bytes=").removesuffix("-")) if Range else 0
        if Range and start >= len(content):
            raise refusal("InvalidRange", "GetObject")
        return {"Body": io.BytesIO(content[start:]), "ContentLength": len(content) - start}

    def head_object(self, Bucket: str, Key: str) -> Any:
        version, content = self._find("HeadObject", Bucket, Key, None)
        return {"VersionId": version, "ContentLength": len(content)}

    def list_objects_v2(self, Bucket: str, Prefix: str, **page: str) -> Any:
        keys = sorted(key for key in self.objects[Bucket] if key.startswith(Prefix))
        at = int(page.get("ContinuationToken", "0"))
        found = [{"Key": key} for key in keys[at : at + _PAGE]]
        if at + _PAGE >= len(keys):
            return {"IsTruncated": False, "Contents": found}
        return {
            "IsTruncated": True,
            "Contents": found,
            "NextContinuationToken": str(at + _PAGE),
        }

    def _find(
        self, operation: str, bucket: str, key: str, version: str | None
    ) -> tuple[str, bytes]:
        versions = self.objects.get(bucket, {}).get(key, [])
        fitting = [each for each in versions if version in (None, each[0])]
        if fitting:
            return fitting[-1]
        if version is not None:
            raise refusal("NoSuchVersion", operation)
        # The answer to HEAD has no body that could name the error.
        raise refusal("404" if operation == "HeadObject" else "NoSuchKey", operation)
