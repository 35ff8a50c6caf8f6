"""Open suspense bookings: owed to the scheme, and not yet released to a customer or returned."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.journal import JournalTable
from adapters.listing import Place
from adapters.open_suspense import OpenSuspense
from cli import screen
from cli.amounts import money
from cli.system import System
from domain.query_parameters import DAYS_MAX, LIMIT_MAX
from domain.waiting_json import suspense_body

type Row = dict[str, Any]


def open_suspense(system: System, since: date | None) -> list[Row]:
    """Bookings that are neither released nor returned, oldest first; those of the last year when
    `since` is None.
    """
    client = system.client("dynamodb")
    listed = OpenSuspense(client, JournalTable(client, system.table("Journal")))
    until = datetime.now(UTC).date() + timedelta(days=1)
    first = since or until - timedelta(days=DAYS_MAX)
    rows: list[Row] = []
    place: Place | None = None
    while True:
        found, place = listed.page(first, until, LIMIT_MAX, place)
        rows += map(suspense_body, found)
        if place is None:
            return sorted(rows, key=lambda row: str(row["booked_at"]))


def show(rows: list[Row], limit: int, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(rows[:limit])
        return
    if not rows:
        screen.out.print("No suspense booking is open; the last year was searched, or --since.")
        return
    cells = [
        (
            row["ingest_id"],
            row["reason"] or "",
            ", ".join(money(total, currency) for currency, total in row["totals"].items()),
            row["narrative"] or "",
        )
        for row in rows[:limit]
    ]
    columns = ("!record", "!reason", ">amount", "narrative")
    screen.out.print(screen.table("Open suspense bookings", columns, cells))
    screen.out.print(
        "'./posting parked release ID' or 'return ID' settles one; a settlement's break"
        " is undone by './posting correct ID --void'."
    )
