"""The landing bucket: batch files as partners put them, read as a stream."""

from collections.abc import Iterator
from typing import Any

import msgspec
from botocore.exceptions import ClientError

_CHUNK_BYTES = 256 * 1024
MANIFEST_SUFFIX = ".manifest.json"


class LandedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one object; a bucket without a version id would make two files one."""

    bucket: str
    key: str
    version_id: str


class Landing:
    def __init__(self, client: Any) -> None:
        self._client = client

    def version_of(self, bucket: str, key: str) -> str:
        """The current version's id, for notifications that do not name one."""
        answer = self._client.head_object(Bucket=bucket, Key=key)
        return str(answer.get("VersionId") or answer["ETag"])

    def chunks(self, file: LandedFile, offset: int = 0) -> Iterator[bytes]:
        """The bytes of this version from `offset` on."""
        request = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}
        if offset:
            request["Range"] = f"bytes={offset}-"
        body = self._client.get_object(**request)["Body"]
        while chunk := body.read(_CHUNK_BYTES):
            yield chunk

    def manifest(self, file: LandedFile) -> bytes | None:
        """The manifest beside the file, or None."""
        try:
            answer = self._client.get_object(Bucket=file.bucket, Key=f"{file.key}{MANIFEST_SUFFIX}")
        except ClientError as error:
            # Without the right to list, S3 answers 403 for an object that is not there.
            if error.response["Error"]["Code"] in {"NoSuchKey", "404", "AccessDenied"}:
                return None
            raise
        return bytes(answer["Body"].read())
