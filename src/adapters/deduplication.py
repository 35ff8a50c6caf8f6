"""Claiming a record's message, and parking the record when another one speaks for it."""

from typing import Any

import msgspec

from adapters.claims import Claim, ClaimTable
from adapters.journal import JournalTable
from adapters.pairing import Pairing
from adapters.parked import ParkedTable
from adapters.parked_fields import CARRIED, parked_fields
from adapters.parked_row import CONFLICT, DUPLICATE, FAILED, ParkedRow
from domain import identity
from domain.booking import primary_header_id
from domain.received import Received


class Deduplication:
    """The one claim function, of Pipe 1 and of the sweep."""

    def __init__(
        self, claims: ClaimTable, parked: ParkedTable, journal: JournalTable, pairing: Pairing
    ) -> None:
        self._claims = claims
        self._parked = parked
        self._journal = journal
        self._pairing = pairing

    def admit(self, record: Received, at: str) -> ParkedRow | None:
        """None when the record speaks for its message and goes on; else the row that was parked.

        The row is written before the record is left out, so that a crash between the two repeats
        the claim and loses nothing; a record that is booked is left out as it is. A request that
        speaks for its message waits for its response. Raises Unavailable.
        """
        rival = self._claims.claim(record, at)
        if rival is None:
            return self._pairing.admit(record, at)
        row = repeat_of(record, rival, at)
        unbooked = self._journal.not_of(record.ingest_id, primary_header_id(record.msg_id))
        self._parked.put_unbooked(row, unbooked)
        return row

    def fail(self, ingest_id: str, row: dict[str, Any], error: str, at: str) -> ParkedRow:
        """Park a record that cannot be read, so that the rest of its batch goes on."""
        known = {name: row[name] for name in CARRIED if isinstance(row.get(name), str)}
        parked = ParkedRow(
            ingest_id=ingest_id,
            reason=FAILED,
            code="UNREADABLE_RECORD",
            message=error,
            parked_at=at,
            **known,
        )
        self._parked.put(parked)
        return parked


def repeat_of(record: Received, original: Claim, at: str) -> ParkedRow:
    """The row of a record whose message another one speaks for."""
    same = record.fingerprint == original.fingerprint
    row = ParkedRow(
        ingest_id=record.ingest_id,
        reason=DUPLICATE if same else CONFLICT,
        code="REPEATED" if same else "OTHER_CONTENT",
        message=f"the message was received before, as {original.owner}",
        parked_at=at,
        original=original.owner,
        **parked_fields(record),  # type: ignore[arg-type]
    )
    return row if same else msgspec.structs.replace(row, differing=_differences(record, original))


def _differences(record: Received, original: Claim) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "field": name,
            "original": original.fields.get(name, ""),
            "this": record.fields.get(name, ""),
        }
        for name in identity.differing(record.fields, original.fields)
    )
