"""`parked release`, `return` and `discard`: what an operator decides about a record."""

from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import DryRun, Json, connect
from cli.invocation import caller, invoke

type Row = dict[str, Any]

Ids = Annotated[list[str], typer.Argument(help="Record ids (ing_...).")]
Note = Annotated[str, typer.Option(help="Why; kept with the record.")]


def add_to(app: typer.Typer) -> None:
    """Make them commands of `parked`."""
    app.command("release")(release)
    app.command("return")(give_back)
    app.command("discard")(discard)


def release(
    context: typer.Context,
    ids: Ids,
    as_distinct: Annotated[
        bool,
        typer.Option(
            "--as-distinct", help="It is another transaction, although the message repeats."
        ),
    ] = False,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send parked records on their way again, or move suspense bookings to their customers."""
    order = {"action": "release", "as_distinct": as_distinct, "note": note, "dry_run": dry_run}
    _decide(context, ids, order, as_json=as_json)


def give_back(
    context: typer.Context,
    ids: Ids,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Return suspense bookings to the scheme."""
    order = {"action": "return", "as_distinct": False, "note": note, "dry_run": dry_run}
    _decide(context, ids, order, as_json=as_json)


def discard(
    context: typer.Context,
    ids: Ids,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Close parked records for good: they will not be booked."""
    order = {"action": "discard", "as_distinct": False, "note": note, "dry_run": dry_run}
    _decide(context, ids, order, as_json=as_json)


def _decide(
    context: typer.Context, ids: list[str], order: dict[str, Any], *, as_json: bool
) -> None:
    """Each record is an order of its own: one refusal does not stop the others."""
    system = connect(context)
    by = caller(system)
    results = []
    for ingest_id in ids:
        told = invoke(system, "Release", order | {"ingest_id": ingest_id, "by": by})
        results.append({"ingest_id": ingest_id} | told)
        if not as_json:
            _show_result(results[-1], dry_run=order["dry_run"])
    if as_json:
        screen.show_json(results)
    if any(result["result"] == "REFUSED" for result in results):
        raise typer.Exit(1)


def _show_result(result: Row, *, dry_run: bool) -> None:
    if result["result"] == "REFUSED":
        screen.complain(f"{result['ingest_id']}: {result['message']} ({result['code']})")
        return
    into = result.get("header_id") or result.get("msg_id") or ""
    would = "would be " if dry_run else ""
    again = " (it was done before)" if result.get("already") else ""
    screen.out.print(
        f"{result['ingest_id']}: {would}{result['result']} {into}{again}", markup=False
    )
