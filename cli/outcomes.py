"""What became of one record, from plain rows: own header, else parked row, else in flight."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from adapters.parked_row import is_answered
from domain.foresight import BY_RESPONSE
from domain.money import Money
from domain.record_amount import amount_of

POSTED, SUSPENDED, IN_FLIGHT, WAITING, ANSWERED = (
    *("POSTED", "SUSPENDED", "IN_FLIGHT"),
    *("WAITING", "ANSWERED"),
)
_PENDING_MATCH = "PENDING_MATCH"
RELEASED = "RELEASED"

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` is POSTED, SUSPENDED, a parked reason, or IN_FLIGHT; `why` the purpose or the code.

    WAITING is an outcome that may still change: the message that it follows, or the response to it,
    has not come. ANSWERED is a request whose response has.

    Times are ISO instants; None where the record did not come by.
    """

    ingest_id: str
    kind: str
    why: str
    amount: Money | None = None
    original: str | None = None
    header_id: str | None = None
    received_at: str | None = None
    claimed_at: str | None = None
    booked_at: str | None = None
    errors: tuple[dict[str, Any], ...] = ()
    source_ref: str | None = None

    @property
    def settled(self) -> bool:
        return self.kind != IN_FLIGHT

    def claimed(self, at: str) -> Self:
        return replace(self, claimed_at=at)


def outcome_of(
    ingest_id: str, record: Row | None, parked: Row | None, header: Row | None
) -> Outcome:
    """`header` stands in the slot of the record's message; it counts if it is the record's own."""
    known = record or parked or {}
    own = header if header is not None and header["ingest_id"] == ingest_id else None
    kind, why = _kind(own, parked)
    return Outcome(
        ingest_id=ingest_id,
        kind=kind,
        why=why,
        amount=amount_of(known),
        original=_pointer(parked) if parked and own is None else None,
        header_id=own["header_id"] if own else None,
        received_at=known.get("received_at"),
        booked_at=own["booked_at"] if own else None,
        errors=tuple(parked.get("errors", ())) if parked and own is None else (),
        source_ref=known.get("source_ref"),
    )


def _pointer(parked: Row) -> str | None:
    """The record that this one repeats, or the response that answered it."""
    return parked.get("original") or parked.get("response")


def _kind(header: Row | None, parked: Row | None) -> tuple[str, str]:
    if header is not None:
        if header["purpose"] == "SUSPEND":
            return SUSPENDED, str(header.get("reason", ""))
        return POSTED, str(header["purpose"])
    if parked is not None and (parked["reason"], parked["state"]) == (_PENDING_MATCH, "PARKED"):
        return WAITING, str(parked["code"])
    if parked is not None and is_answered(parked):
        return ANSWERED, BY_RESPONSE
    if parked is not None and parked["state"] != RELEASED:
        return str(parked["reason"]), str(parked.get("code", ""))
    return IN_FLIGHT, "released" if parked is not None else ""
