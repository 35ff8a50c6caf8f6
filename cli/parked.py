"""`parked`: what was not booked to a customer, by reason."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer

from adapters.listing import Place
from adapters.parked_list import ParkedList, Wanted
from cli import decisions, screen, suspense
from cli.amounts import money
from cli.connection import Json, connect
from cli.errors import UserError
from cli.suspense import open_suspense
from cli.system import System
from domain.query_parameters import DAYS_DEFAULT, LIMIT_MAX, REASONS, STATES
from domain.record_amount import amount_of

_DAYS = DAYS_DEFAULT

type Row = dict[str, Any]

app = typer.Typer(invoke_without_command=True)
decisions.add_to(app)


@app.callback()
def parked(
    context: typer.Context,
    reason: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(REASONS)}; may be repeated.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The particular why, such as DECLINED.")] = None,
    state: Annotated[str, typer.Option(help=f"{', '.join(STATES)}, or ALL.")] = "PARKED",
    since: Annotated[
        str | None,
        typer.Option(
            help=f"First day, 2026-11-22; else the last {_DAYS} days, of suspense the last year."
        ),
    ] = None,
    in_suspense: Annotated[
        bool, typer.Option("--suspense", help="List open suspense bookings instead.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    as_json: Json = False,
) -> None:
    """List parked records by reason, or open suspense bookings; or decide about some of them.

    'parked release ID', 'parked return ID' and 'parked discard ID' decide; each takes --dry-run.
    """
    if context.invoked_subcommand is not None:
        return
    system = connect(context)
    if in_suspense:
        first = _day(since) if since else None
        suspense.show(open_suspense(system, first), limit, as_json=as_json)
        return
    reasons = tuple(_known("--reason", each, REASONS) for each in reason or REASONS)
    wanted = _known("--state", state, (*STATES, "ALL"))
    found = parked_rows(system, reasons, wanted, code, _day(since))
    _show(found, limit, as_json=as_json)


def parked_rows(
    system: System, reasons: tuple[str, ...], state: str, code: str | None, since: date
) -> list[Row]:
    """Parked rows of these reasons, newest first; the API's list, all its pages."""
    listed = ParkedList(system.client("dynamodb"), system.table("Parked"))
    wanted = Wanted(
        since=since,
        until=datetime.now(UTC).date() + timedelta(days=1),
        reasons=reasons,
        state=None if state == "ALL" else state,
        code=code,
    )
    rows: list[Row] = []
    place: Place | None = None
    while True:
        found, place = listed.page(wanted, LIMIT_MAX, place)
        rows += found
        if place is None:
            return sorted(rows, key=lambda row: str(row["parked_at"]), reverse=True)


def _show(found: list[Row], limit: int, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(found[:limit])
        return
    if not found:
        screen.out.print("Nothing is parked here. Other days: --since; other states: --state ALL.")
        return
    counts = Counter((row["reason"], row.get("code", "")) for row in found)
    rows: list[tuple[object, ...]] = [
        (reason, code, count) for (reason, code), count in sorted(counts.items())
    ]
    screen.out.print(screen.table("Parked", ("reason", "code", ">records"), rows))
    screen.out.print()
    for row in found[:limit]:
        facts = [row["ingest_id"], row["reason"], row.get("code", ""), _amount(row)]
        screen.out.print("  ".join(fact for fact in facts if fact), markup=False)
        screen.out.print(f"    {_pointer(row)}", markup=False, style=screen.DIM)
    if len(found) > limit:
        screen.out.print(f"... and {len(found) - limit} more: --limit shows more")


def _amount(row: Row) -> str:
    stated = amount_of(row)
    return money(stated.amount, stated.currency) if stated else ""


def _pointer(row: Row) -> str:
    """Where to look: the record that this one repeats, and in which fields it differs; the response
    that answered it, or until when it waits.
    """
    differing = ", ".join(each["field"] for each in row.get("differing", []))
    if row.get("original"):
        return f"repeats {row['original']}" + (f", differs in {differing}" if differing else "")
    if row.get("response"):
        return f"answered by {row['response']}"
    waits = f", until {row['due_at']}" if row["reason"] == "PENDING_MATCH" else ""
    return f"{row.get('message', '')}{waits}"


def _known(option: str, given: str, known: tuple[str, ...]) -> str:
    if given.upper() not in known:
        raise UserError(f"{option} {given} is unknown: use one of {', '.join(known)}")
    return given.upper()


def _day(since: str | None) -> date:
    if since is None:
        return datetime.now(UTC).date() - timedelta(days=_DAYS - 1)
    try:
        return date.fromisoformat(since)
    except ValueError:
        raise UserError(f"--since {since} is no day: write 2026-11-22") from None
