"""Open suspense bookings: owed to the scheme, and not yet released to a customer or returned."""

from typing import Any

from cli import screen
from cli.amounts import money
from cli.scanning import scan
from cli.system import System

type Row = dict[str, Any]


def open_suspense(system: System) -> list[Row]:
    """Headers of suspense bookings that are neither released nor returned, oldest first."""
    headers = scan(
        system.client("dynamodb"),
        system.table("Journal"),
        only="sk = :h AND purpose IN (:suspend, :resume, :return)",
        values={":h": "H", ":suspend": "SUSPEND", ":resume": "RESUME", ":return": "RETURN"},
    )
    settled = {row["msg_id"] for row in headers if row["purpose"] != "SUSPEND"}
    waiting = [row for row in headers if row["purpose"] == "SUSPEND"]
    return sorted(
        (row for row in waiting if row["msg_id"] not in settled),
        key=lambda row: str(row["booked_at"]),
    )


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
    screen.out.print("'./posting parked release ID' or 'return ID' settles one.")
