"""Receiving a batch file: its manifest is checked against it first, then its records go in, in
chunks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import batched
from typing import NamedTuple, Protocol

from adapters.landing import LandedFile
from adapters.reception import Receipt, Submission
from domain import identity
from domain.batch_file import Format, format_of
from domain.card_number import contains_card_number, mask
from domain.iso8583.decode import decode_binary, decode_hex, decode_json_bytes
from domain.iso8583.decoded import Decoded, Invalid, Problem
from domain.manifest import Manifest, Tally, check_manifest, read_manifest
from domain.record import Record, Unreadable

_CHUNK_RECORDS = 100
# The file as a whole has an outcome of its own when it is refused; its records count from 0.
_FILE_ORDINAL = -1
DECODERS = {".jsonl": decode_json_bytes, ".bin": decode_binary, ".hex": decode_hex}


class Place(NamedTuple):
    """Where a reading of the file starts: the ordinal of a record, and its offset in bytes."""

    ordinal: int = 0
    offset: int = 0


class Source(Protocol):
    """Where the file lies."""

    def chunks(self, file: LandedFile, offset: int = 0) -> Iterable[bytes]: ...

    def manifest(self, file: LandedFile) -> bytes | None: ...


class Receiver(Protocol):
    """Who takes its records."""

    def receive(self, submissions: Sequence[Submission], at: datetime) -> list[Receipt]: ...


class FileReception:
    """`late` says that the function must stop soon."""

    def __init__(self, landing: Source, reception: Receiver, late: Callable[[], bool]) -> None:
        self._landing = landing
        self._reception = reception
        self._late = late

    def receive(
        self, file: LandedFile, start: Place, at: datetime
    ) -> tuple[list[Receipt], Place | None]:
        """Receive the records from `start` on.

        Returns their receipts and where to go on, None at the file's end. A file that is refused as
        a whole is one parked record and none of its messages is taken in. Raises Unavailable.
        """
        layout = format_of(file.key)
        problems = tuple(_problems_of_key(file.key, layout))
        if problems or layout is None:
            return [self._refuse(file, problems, at)], None
        manifest, problems = self._manifest(file)
        if not problems and manifest is not None and start == Place():
            problems = self._disagreements(file, layout, manifest, at)
        if problems:
            return [self._refuse(file, problems, at)], None
        return self._receive_records(file, layout, manifest, start, at)

    def _receive_records(
        self,
        file: LandedFile,
        layout: Format,
        manifest: Manifest | None,
        start: Place,
        at: datetime,
    ) -> tuple[list[Receipt], Place | None]:
        receipts: list[Receipt] = []
        chunks = self._landing.chunks(file, start.offset)
        for records in batched(layout.read(chunks), _CHUNK_RECORDS, strict=False):
            place = Place(start.ordinal + records[0].ordinal, start.offset + records[0].offset)
            if self._late():
                return receipts, place
            submissions = [
                self._submission(file, layout, manifest, start, record, at) for record in records
            ]
            receipts += self._reception.receive(submissions, at)
        return receipts, None

    def _submission(
        self,
        file: LandedFile,
        layout: Format,
        manifest: Manifest | None,
        start: Place,
        record: Record | Unreadable,
        at: datetime,
    ) -> Submission:
        ordinal, offset = start.ordinal + record.ordinal, start.offset + record.offset
        content = b"" if isinstance(record, Unreadable) else record.body
        return Submission(
            ingest_id=identity.ingest_id_for_s3(file.bucket, file.key, file.version_id, ordinal),
            source_ref=f"s3://{file.bucket}/{file.key}#{ordinal}+{offset}",
            # What cannot be cut out of the file is told apart by its place.
            content=content or f"{file.bucket}/{file.key}/{file.version_id}/{ordinal}".encode(),
            message=_decode(layout, manifest, record, at),
        )

    def _disagreements(
        self, file: LandedFile, layout: Format, manifest: Manifest, at: datetime
    ) -> tuple[Problem, ...]:
        tally = Tally()
        for record in layout.read(tally.watch(self._landing.chunks(file))):
            message = _decode(layout, manifest, record, at)
            tally.add(message if isinstance(message, Decoded) else None)
        return tuple(check_manifest(manifest, tally))

    def _manifest(self, file: LandedFile) -> tuple[Manifest | None, tuple[Problem, ...]]:
        raw = self._landing.manifest(file)
        if raw is None:
            return None, ()
        read = read_manifest(raw)
        return (read, ()) if isinstance(read, Manifest) else (None, read.errors)

    def _refuse(self, file: LandedFile, problems: tuple[Problem, ...], at: datetime) -> Receipt:
        ingest_id = identity.ingest_id_for_s3(file.bucket, file.key, file.version_id, _FILE_ORDINAL)
        submission = Submission(
            ingest_id=ingest_id,
            source_ref=f"s3://{file.bucket}/{mask(file.key)}",
            content=f"{file.bucket}/{file.key}/{file.version_id}".encode(),
            message=Invalid(problems),
        )
        return self._reception.receive([submission], at)[0]


def _problems_of_key(key: str, layout: Format | None) -> Iterator[Problem]:
    if contains_card_number(key):
        yield Problem(
            "object key",
            "0",
            "CARD_NUMBER_IN_KEY",
            "the object's key holds a card number",
            "Delete the object and upload the file under a name without card numbers.",
        )
    elif layout is None:
        yield Problem(
            "object key",
            "0",
            "UNKNOWN_FORMAT",
            "the object's name ends in none of .jsonl, .bin and .hex",
            "Name the file after its format.",
        )


def _decode(
    layout: Format, manifest: Manifest | None, record: Record | Unreadable, at: datetime
) -> Decoded | Invalid:
    network: str | None = manifest.network if manifest else None
    if isinstance(record, Unreadable):
        return Invalid((record.problem,), network=network)
    business_date: date | None = manifest.business_date if manifest else None
    return DECODERS[layout.suffix](
        record.body, network=network, received_at=at, business_date=business_date
    )
