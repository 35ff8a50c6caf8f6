"""A row of the Parked table: what was not booked, why, and what happened to it since."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.items import to_item

PARKED, RELEASED, DISCARDED, RESOLVED = "PARKED", "RELEASED", "DISCARDED", "RESOLVED"
INVALID, DUPLICATE, CONFLICT, REJECTED, FAILED, PENDING_MATCH = (
    "INVALID",
    "DUPLICATE",
    "CONFLICT",
    "REJECTED",
    "FAILED",
    "PENDING_MATCH",
)
# What a later outcome takes the place of: such a row tells of a way that has not ended, or ended
# before its time.
PROVISIONAL = frozenset({FAILED, PENDING_MATCH})


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is the kind, `code` the particular why; `original` points at the record it
    repeats. A record that waits until `due_at` keeps the `event` that it goes on with; one that
    its payment refused, the event that was refused. A request has no event yet: it waits in the
    index, under its `due_shard`, and names its `response` once that has come. What is released
    lies there, too.
    """

    ingest_id: str
    reason: str
    code: str
    message: str
    parked_at: str
    state: str = PARKED
    msg_id: str | None = None
    fingerprint: str | None = None
    original: str | None = None
    differing: tuple[dict[str, str], ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    cain: str | None = None
    token: str | None = None
    last4: str | None = None
    network: str | None = None
    mti: str | None = None
    door: str | None = None
    source_ref: str | None = None
    business_time: str | None = None
    received_at: str | None = None
    content_digest: str | None = None
    content_length: int | None = None
    event: str | None = None
    due_at: str | None = None
    due_shard: str | None = None
    response: str | None = None
    history: tuple[dict[str, Any], ...] = ()

    @property
    def reason_day(self) -> str:
        """The key of the index by reason and day."""
        return f"{self.reason}#{self.parked_at[:10]}"


def is_answered(row: Mapping[str, Any]) -> bool:
    """Whether this is the row of a request whose response has come."""
    return row["state"] == RESOLVED and "response" in row


def gives_way(standing: Mapping[str, Any], row: ParkedRow) -> bool:
    """Whether a row may be replaced: one that is released, and not as a message of its own."""
    return standing["state"] == RELEASED and _of_one_message(standing, row)


def is_provisional(standing: Mapping[str, Any], row: ParkedRow) -> bool:
    """Whether the row waits for this outcome: it says that the same message failed, or waits."""
    open_ = standing["state"] == PARKED and standing["reason"] in PROVISIONAL
    return open_ and _of_one_message(standing, row)


def _of_one_message(standing: Mapping[str, Any], row: ParkedRow) -> bool:
    return row.msg_id in {None, standing.get("msg_id")}


def with_story(row: ParkedRow, released: Mapping[str, Any]) -> ParkedRow:
    story = {
        name: released[name]
        for name in ("state", "reason", "code", "parked_at", "original")
        if name in released
    }
    return msgspec.structs.replace(row, history=(*released.get("history", []), story))


def parked_item(row: ParkedRow) -> dict[str, Any]:
    """The stored form: defaults left out, but a history from the start, so that it can be appended
    to.
    """
    values = msgspec.to_builtins(row) | {
        "state": row.state,
        "reason_day": row.reason_day,
        "history": list(row.history),
    }
    return to_item(values)
