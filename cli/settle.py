"""`settle`: a scheme's settlement file against the clearing accounts; its payment and breaks."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.legs_view import show_correction, show_legs
from cli.reference_files import content_of, schema_faults
from cli.repairs import instant

# A synchronous invocation takes six megabytes.
_PAYLOAD_MAX = 6_000_000
_FAULTS_MAX = 20

type Told = dict[str, Any]

By = Annotated[
    str | None, typer.Option(help="Who decides; else who you are to AWS. Kept for ever.")
]


def settle(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The scheme's file, as docs/settlement.md has it.")],
    tolerance: Annotated[
        int, typer.Option(min=0, metavar="MINOR", help="Minor units that a line may differ by.")
    ] = 0,
    booked_since: Annotated[
        str | None, typer.Option(help="Look at bookings from here on; else a day before the date.")
    ] = None,
    booked_until: Annotated[
        str | None,
        typer.Option(
            help="Look at bookings up to here; else three days after it, or now if since is said."
        ),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Move what does not agree to suspense.")
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Agree to repairs that another person asked for.")
    ] = False,
    by: By = None,
    note: Annotated[str, typer.Option(help="Why; kept with the report.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Check a settlement file line by line, book what it pays, and report what does not agree.

    A file is paid once for ever; the same file again books nothing. Exits 1 when breaks are found.
    """
    order: Told = {
        "file": read(file),
        "tolerance": tolerance,
        "repair": repair or approve,
        "approve": approve,
        "note": note,
        "dry_run": dry_run,
    }
    times = {"booked_since": booked_since, "booked_until": booked_until}
    order |= {
        name: instant(name.replace("_", "-"), text)
        for name, text in times.items()
        if text is not None
    }
    system = connect(context)
    order["by"] = by or caller(system)
    if len(json.dumps(order)) > _PAYLOAD_MAX:
        raise UserError(f"{file} is larger than six megabytes: have the scheme split it")
    with screen.notes.status(f"checking {file.name}"):
        told = invoke(system, "Settle", order)
    if as_json:
        screen.show_json(told)
    else:
        show(told)
    if told["result"] == "REFUSED" or told["kinds"]:
        raise typer.Exit(1)


def read(path: Path) -> Told:
    """The file's values. Raises UserError naming line, field and remedy."""
    content = content_of(path)
    faults = list(schema_faults(path, "settlement", content))
    if faults:
        raise UserError("nothing was settled:\n" + "\n".join(faults[:_FAULTS_MAX]))
    return {name: value for name, value in content.items() if name not in {"kind", "schema"}}


def show(told: Told) -> None:
    if told["result"] == "REFUSED":
        screen.complain(f"{told['message']} ({told['code']})")
        return
    found = sum(told["kinds"].values())
    verdict = screen.mark(f"{found} breaks", screen.BAD) if found else "in agreement"
    screen.out.print(f"[bold]{told['file']}[/]  {told['matched']} lines matched, {verdict}")
    if found:
        rows = [(each["kind"], each["what"], each["header_id"] or "") for each in told["breaks"]]
        screen.out.print(screen.table("", ("!break", "what", "booked as"), rows))
        if found > len(rows):
            screen.out.print(f"... and {found - len(rows)} more: the report has them all")
    for each in told["bookings"]:
        _show_booking(each)
    for each in told["repairs"]:
        show_correction(each)
    if "report" in told:
        screen.line(f"report {told['report']}")


def _show_booking(told: Told) -> None:
    if not told["header_id"]:
        screen.out.print(f"{told['currency']}: not paid, because the file's totals are wrong")
        return
    again = " (it was done before)" if told.get("already") else ""
    screen.line(f"{told['result']} {told['header_id']}{again}")
    show_legs(told["legs"])
