"""Invariant 3, as far as it speaks of requests: what is answered has its response, and is booked by
it or not at all; what waits does not wait for ever.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from adapters.parked_row import PARKED, PENDING_MATCH, is_answered
from cli.audit.exactly_once import is_primary
from cli.audit.finding import Break, Row
from domain.cain import from_json
from domain.message_type import parse_mti
from domain.pairing import REQUEST, RESPONSE, Part, part_of
from domain.transaction import read_transaction

# Timers look every five minutes, and what they send on has its outcome within as many.
_LATE = timedelta(minutes=30)


def requests_are_answered(
    inbox: Mapping[str, Row], parked: Mapping[str, Row], headers: Iterable[Row]
) -> Iterator[Break]:
    """`inbox` and `parked` by ingest_id."""
    booked = {header["ingest_id"]: header["pk"] for header in headers if is_primary(header)}
    for ingest_id, record in inbox.items():
        if ingest_id in booked and parse_mti(record["mti"]).function == REQUEST:
            yield Break(3, ingest_id, f"a request is booked, as {booked[ingest_id]}")
    for ingest_id, row in parked.items():
        if is_answered(row):
            yield from _answered(ingest_id, row, inbox)


def nobody_waits_for_ever(parked: Mapping[str, Row], now: datetime) -> Iterator[Break]:
    """Until its time, and as long as its end takes, a record that waits is under way."""
    for ingest_id, row in parked.items():
        if (row["state"], row["reason"]) != (PARKED, PENDING_MATCH) or "due_at" not in row:
            continue
        if now > datetime.fromisoformat(row["due_at"]) + _LATE:
            what = f"its time was over at {row['due_at']}, and it waits"
            yield Break(3, ingest_id, what, heals=True)


def _answered(ingest_id: str, row: Row, inbox: Mapping[str, Row]) -> Iterator[Break]:
    response = inbox.get(row["response"])
    if response is None:
        # The Inbox keeps a record for some months.
        if ingest_id in inbox:
            yield Break(3, ingest_id, f"answered by {row['response']}, which nobody received")
        return
    asked, answer = part_of_row(row), part_of_row(response)
    if asked is None or answer is None or answer != Part(asked.key, RESPONSE):
        yield Break(3, ingest_id, f"answered by {row['response']}, which is no response to it")


def part_of_row(row: Row) -> Part | None:
    return part_of(read_transaction(row["mti"], row["network"], from_json(row["cain"])))
