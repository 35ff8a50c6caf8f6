"""Invariant 7: repeats are parked with a pointer, distinct transactions are not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cli.audit.exactly_once import is_primary
from cli.audit.finding import Break, Row

DUPLICATE, CONFLICT = "DUPLICATE", "CONFLICT"
# Received under one id with two contents: there is no second message to compare with.
_CONTENT_CHANGED = "CONTENT_CHANGED"


def duplicates_are_parked(
    inbox: Mapping[str, Row], parked: Mapping[str, Row], headers: Iterable[Row]
) -> Iterator[Break]:
    """`inbox` and `parked` by ingest_id."""
    booked = {header["ingest_id"]: header for header in headers if is_primary(header)}
    for ingest_id, row in parked.items():
        if row["reason"] in {DUPLICATE, CONFLICT} and row["state"] in {"PARKED", "DISCARDED"}:
            yield from _repeat(ingest_id, row, inbox, parked, booked)
    yield from _unparked(inbox, parked, booked)


def _repeat(
    ingest_id: str,
    row: Row,
    inbox: Mapping[str, Row],
    parked: Mapping[str, Row],
    booked: Mapping[str, Row],
) -> Iterator[Break]:
    reason, original_id = row["reason"], row.get("original")
    if ingest_id in booked:
        yield Break(7, ingest_id, f"parked as {reason}, and booked as {booked[ingest_id]['pk']}")
    if original_id is None or original_id == ingest_id:
        yield Break(7, ingest_id, f"parked as {reason} of nothing")
        return
    original = inbox.get(original_id) or booked.get(original_id) or parked.get(original_id)
    if original is None:
        yield Break(7, ingest_id, f"its original {original_id} does not exist")
        return
    if row.get("code") == _CONTENT_CHANGED:
        return
    if original.get("msg_id") != row.get("msg_id"):
        yield Break(7, ingest_id, f"another message than its original {original_id}")
    elif (original.get("fingerprint") == row.get("fingerprint")) != (reason == DUPLICATE):
        says = "the same" if reason == CONFLICT else "other"
        yield Break(7, ingest_id, f"parked as {reason} with {says} content as {original_id}")


def _unparked(
    inbox: Mapping[str, Row], parked: Mapping[str, Row], booked: Mapping[str, Row]
) -> Iterator[Break]:
    """Of all records of one message one goes on; a release as distinct makes it another one."""
    going: dict[str, list[str]] = defaultdict(list)
    for ingest_id, record in inbox.items():
        row = parked.get(ingest_id)
        if row is not None and _was_released(row):
            # A person let it go on beside a record that had ended.
            continue
        repeat = row is not None and row["reason"] in {DUPLICATE, CONFLICT}
        if not repeat:
            known = booked.get(ingest_id) or row or record
            going[known.get("msg_id") or record["msg_id"]].append(ingest_id)
    for msg_id, ingest_ids in sorted(going.items()):
        if len(ingest_ids) > 1:
            what = (
                f"{', '.join(sorted(ingest_ids))} are one message, and none is parked as a repeat"
            )
            yield Break(7, msg_id, what, heals=not any(each in booked for each in ingest_ids))


def _was_released(row: Row) -> bool:
    return any(entry.get("state") == "RELEASED" for entry in row.get("history", ()))
