"""Invariant 3: every record received is booked or parked, with its amount, and no other is."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from cli.audit.exactly_once import is_primary
from cli.audit.finding import Break, Row
from domain.posting import POSTED
from domain.reconciliation_records import OWING_NOTHING_OF_THEIR_OWN, scheme_amount

# The Inbox keeps a record for at least ninety days; an older booking has outlived it.
_INBOX_KEEPS = timedelta(days=89)


def nothing_lost(
    inbox: Mapping[str, Row], headers: Iterable[Row], parked: Mapping[str, Row], now: datetime
) -> Iterator[Break]:
    """`inbox` and `parked` by ingest_id. A record without an outcome is in flight, or lost."""
    booked = {header["ingest_id"]: header for header in headers if is_primary(header)}
    for ingest_id, record in inbox.items():
        row = parked.get(ingest_id)
        if ingest_id in booked:
            yield from _amount(ingest_id, record, booked[ingest_id])
        elif row is None or row["state"] == "RELEASED":
            what = f"received at {record['received_at']}, and neither booked nor parked"
            yield Break(3, ingest_id, what, heals=True)
    for ingest_id, header in booked.items():
        # Opening money, settlements and sequences are booked for no record, and carry their own id.
        if ingest_id == header["pk"] or ingest_id in inbox:
            continue
        if now - datetime.fromisoformat(header["booked_at"]) < _INBOX_KEEPS:
            yield Break(3, header["pk"], f"booked for {ingest_id}, which nobody received")


def _amount(ingest_id: str, record: Row, header: Row) -> Iterator[Break]:
    """What the scheme is owed for the booking is what the message says."""
    if header["purpose"] in OWING_NOTHING_OF_THEIR_OWN:
        return
    stated = scheme_amount(record)
    owed = sum(
        leg["amount"]
        for leg in header["legs"]
        if leg["account"].startswith("settle:")
        and leg["currency"] == stated.currency
        and leg["layer"] == POSTED
    )
    if owed != stated.amount:
        what = (
            f"the message is about {stated.amount} {stated.currency} minor units, booked are {owed}"
        )
        yield Break(3, ingest_id, what)
