"""What a replay did: each record's outcome before and after it."""

from collections.abc import Iterable
from typing import Any

from cli.outcomes import Outcome

APPLIED, NO_OP, CONFLICT, OPEN = "applied", "no-op", "conflict", "open"

type Outcomes = dict[str, Outcome]


def report(before: Outcomes, after: Outcomes, ids: Iterable[str]) -> dict[str, Any]:
    """Record ids by what the replay did to them; what it did nothing to is only counted."""
    found: dict[str, list[str]] = {APPLIED: [], NO_OP: [], CONFLICT: [], OPEN: []}
    for ingest_id in ids:
        found[effect(before.get(ingest_id), after.get(ingest_id))].append(ingest_id)
    return found | {NO_OP: len(found[NO_OP])}


def effect(before: Outcome | None, after: Outcome | None) -> str:
    """One record: an outcome that came is applied, one that changed contradicts the first."""
    if after is None:
        return OPEN
    if before is None:
        return CONFLICT if after.kind == "CONFLICT" else APPLIED
    same = (before.kind, before.header_id) == (after.kind, after.header_id)
    if same:
        return NO_OP
    # A record that had failed, and is booked now, got what it was owed.
    return APPLIED if before.kind == "FAILED" and after.header_id else CONFLICT
