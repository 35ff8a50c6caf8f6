"""Parked records and open suspense bookings as JSON values, for the API and the command line."""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.answers import ParkedItem
from domain.events import Posted
from domain.record_amount import amount_of

_PARKED = tuple(field.name for field in msgspec.structs.fields(ParkedItem))
_SUSPENSE = (
    *("ingest_id", "msg_id", "header_id", "reason", "totals", "booked_at", "value_date"),
    *("network", "mti", "last4", "narrative"),
)


def parked_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the Parked table without what is ours alone: keys, digests, the message itself."""
    stated = amount_of(row)
    told = {name: row[name] for name in _PARKED if name in row}
    return told | {"amount": msgspec.to_builtins(stated) if stated else None}


def suspense_body(posted: Posted) -> dict[str, Any]:
    return {name: getattr(posted, name) for name in _SUSPENSE}
