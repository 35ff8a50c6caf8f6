"""What became of a record: its own journal header first, else its Parked row, else it is in
flight.
"""

from typing import Any

import msgspec

from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.parked_row import RELEASED, is_answered
from domain.booking import primary_header_id, resolution_header_id
from domain.header import StoredHeader
from domain.identity import distinct_message_id

_PARKED_SHOWN = (
    "state",
    "reason",
    "code",
    "message",
    "original",
    "response",
    "due_at",
    "differing",
    "errors",
    "parked_at",
    "history",
)
_RECORD_SHOWN = (
    "network",
    "mti",
    "last4",
    "token",
    "business_time",
    "received_at",
    "door",
    "source_ref",
)


ANSWERED = "ANSWERED"


class Story:
    def __init__(self, inbox: InboxTable, parked: ParkedTable, journal: JournalTable) -> None:
        self._inbox = inbox
        self._parked = parked
        self._journal = journal

    def of(self, ingest_id: str) -> dict[str, Any] | None:
        """The record's outcome as JSON values; None for an id that was never given."""
        record = self._inbox.get(ingest_id)
        parked = self._parked.get(ingest_id)
        if record is None and parked is None:
            return None
        known = record or parked or {}
        header = self.header_of(ingest_id, known.get("msg_id"))
        told: dict[str, Any] = {
            "ingest_id": ingest_id,
            "msg_id": header.posted.msg_id if header else known.get("msg_id"),
            "outcome": _outcome(header, parked),
            "record": {name: known[name] for name in _RECORD_SHOWN if name in known},
        }
        if header is not None:
            told["booking"] = msgspec.to_builtins(header.posted)
            resolution = self._journal.get(resolution_header_id(header.posted.msg_id))
            if resolution is not None:
                told["resolution"] = msgspec.to_builtins(resolution.posted)
                if resolution.decided is not None:
                    told["resolved_by"] = resolution.decided
        if parked is not None:
            told["parked"] = {name: parked[name] for name in _PARKED_SHOWN if name in parked}
        return told

    def header_of(self, ingest_id: str, msg_id: str | None) -> StoredHeader | None:
        """The primary header that was booked for this very record, or None."""
        if msg_id is None:
            return None
        for candidate in (msg_id, distinct_message_id(msg_id, ingest_id)):
            header = self._journal.get(primary_header_id(candidate))
            if header is not None and header.posted.ingest_id == ingest_id:
                return header
        return None


def _outcome(header: StoredHeader | None, parked: dict[str, Any] | None) -> str:
    if header is not None:
        return "SUSPENDED" if header.posted.purpose == "SUSPEND" else "POSTED"
    if parked is not None and is_answered(parked):
        return ANSWERED
    if parked is not None and parked["state"] != RELEASED:
        return str(parked["reason"])
    return "IN_FLIGHT"
