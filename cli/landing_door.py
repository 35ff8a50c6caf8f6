"""The landing bucket: a batch file and, before it, its manifest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from adapters.landing import MANIFEST_SUFFIX
from cli.errors import UserError
from cli.system import System
from domain import identity
from domain.batch_file import format_of

_CHUNK = 256 * 1024
_FILE_ORDINAL = -1


@dataclass(frozen=True, slots=True)
class Landed:
    """One version of one object. `ids` are those that its records will have, in order.

    `file_id` is the id of the one parked row that a file refused as a whole leaves.
    """

    file: str
    key: str
    version_id: str
    manifest: bool
    file_id: str
    ids: tuple[str, ...]
    again: bool


class LandingDoor:
    def __init__(self, system: System) -> None:
        self._client = system.client("s3")
        self._bucket = system.output("LandingBucketName")

    def put(self, path: Path, submission_id: str) -> Landed:
        """Upload the file under the submission's own prefix, unless it lies there already.

        The manifest goes first, because the file's arrival is what starts the reading.
        """
        layout = format_of(path.name)
        if layout is None:
            raise UserError(
                f"{path.name} ends in none of .jsonl, .bin and .hex: name it after its format"
            )
        raw = _bytes(path)
        key = f"{submission_id}/{path.name}"
        manifest = path.with_name(path.name + MANIFEST_SUFFIX)
        version_id = self._standing(key, raw)
        again = version_id is not None
        if version_id is None:
            if manifest.exists():
                self._put(f"{key}{MANIFEST_SUFFIX}", _bytes(manifest))
            version_id = self._put(key, raw)
        ordinals = [record.ordinal for record in layout.read(_chunks(raw))]
        return Landed(
            file=path.name,
            key=key,
            version_id=version_id,
            manifest=manifest.exists(),
            file_id=self._id(key, version_id, _FILE_ORDINAL),
            ids=tuple(self._id(key, version_id, ordinal) for ordinal in ordinals),
            again=again,
        )

    def _put(self, key: str, raw: bytes) -> str:
        answer = self._client.put_object(
            Bucket=self._bucket, Key=key, Body=raw, Metadata={"sha256": _digest(raw)}
        )
        return _version(answer)

    def _standing(self, key: str, raw: bytes) -> str | None:
        """The version that an earlier try of the same submission put there, or None."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound", "403"}:
                return None
            raise
        return _version(answer) if answer["Metadata"].get("sha256") == _digest(raw) else None

    def _id(self, key: str, version_id: str, ordinal: int) -> str:
        return identity.ingest_id_for_s3(self._bucket, key, version_id, ordinal)


def _version(answer: dict[str, Any]) -> str:
    return str(answer.get("VersionId") or answer["ETag"])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None


def _chunks(raw: bytes) -> list[bytes]:
    return [raw[start : start + _CHUNK] for start in range(0, len(raw), _CHUNK)]


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
