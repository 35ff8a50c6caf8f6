"""Open suspense bookings: owed to the scheme, and not yet released to a customer or returned."""

from collections.abc import Iterator
from typing import Any

from cli import screen
from cli.amounts import money
from cli.scanning import scan
from cli.system import System
from domain.settling import BREAK_REASON

type Row = dict[str, Any]


def open_suspense(system: System) -> list[Row]:
    """Headers of suspense bookings that are neither released, returned nor corrected, oldest first;
    those of a settlement's breaks among them.
    """
    headers = scan(
        system.client("dynamodb"),
        system.table("Journal"),
        only="sk = :h AND purpose IN (:suspend, :resume, :return, :correct)",
        values={
            ":h": "H",
            ":suspend": "SUSPEND",
            ":resume": "RESUME",
            ":return": "RETURN",
            ":correct": "CORRECT",
        },
    )
    return sorted(_open(headers), key=lambda row: str(row["booked_at"]))


def _open(headers: list[Row]) -> Iterator[Row]:
    opening = [
        row for row in headers if row["purpose"] == "SUSPEND" or row.get("reason") == BREAK_REASON
    ]
    mine = {row["pk"] for row in opening}
    settled = {row["msg_id"] for row in headers if row["pk"] not in mine}
    yield from (row for row in opening if row["msg_id"] not in settled)


def show(rows: list[Row], limit: int, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(rows[:limit])
        return
    if not rows:
        screen.out.print("No suspense booking is open.")
        return
    cells = [
        (
            row["ingest_id"],
            row.get("reason", ""),
            ", ".join(money(total, currency) for currency, total in row["totals"].items()),
            row.get("narrative", ""),
        )
        for row in rows[:limit]
    ]
    columns = ("!record", "!reason", ">amount", "narrative")
    screen.out.print(screen.table("Open suspense bookings", columns, cells))
    screen.out.print(
        "'./posting parked release ID' or 'return ID' settles one; a settlement's break"
        " is undone by './posting correct ID --void'."
    )
