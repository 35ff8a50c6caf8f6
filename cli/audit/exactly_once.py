"""Invariant 2: one primary header for a message, one for a record, and never beside a refusal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cli.audit.finding import Break, Row
from domain.acceptance import ACCEPTED
from domain.dispute_order import PURPOSES
from domain.reconciliation_records import is_refused

_FOLLOW_UPS = {"RESUME", "RETURN", "CORRECT", ACCEPTED, *PURPOSES}


def exactly_once(headers: Iterable[Row], parked: Mapping[str, Row]) -> Iterator[Break]:
    """`parked` by ingest_id. A follow-up header (release, return, correction, dispute) is not
    primary.
    """
    by_message: dict[str, list[str]] = defaultdict(list)
    by_record: dict[str, list[str]] = defaultdict(list)
    for header in headers:
        if not is_primary(header):
            continue
        by_message[header["msg_id"]].append(header["pk"])
        by_record[header["ingest_id"]].append(header["pk"])
        row = parked.get(header["ingest_id"])
        if row is not None and is_refused(row):
            what = f"{header['pk']} is booked, and the record is {row['state']} {row['reason']}"
            yield Break(2, header["ingest_id"], what)
    yield from _repeated(by_message, "message")
    yield from _repeated(by_record, "record")


def is_primary(header: Row) -> bool:
    """The slot `J#{msg_id}` that all decisions about a message compete for."""
    return header["purpose"] not in _FOLLOW_UPS and "#EXPIRE" not in header["pk"]


def _repeated(found: Mapping[str, list[str]], kind: str) -> Iterator[Break]:
    for name, header_ids in sorted(found.items()):
        if len(header_ids) > 1:
            what = f"the {kind} has {len(header_ids)} bookings: {', '.join(sorted(header_ids))}"
            yield Break(2, name, what)
