"""`run`: the whole system on this machine, from nothing to a balanced ledger."""

import time
from pathlib import Path
from typing import Annotated

import typer

from cli import receipts as receipts_view
from cli import reference, screen, summary
from cli.books import unfolded_ids
from cli.connection import Json
from cli.ending import Ending
from cli.errors import UserError
from cli.expected import nothing_received_yet, read_expected
from cli.live import wait_for_outcomes
from cli.queues import depths
from cli.submission import new_submission_id
from cli.submit import send
from cli.system import Choice, System, find, of_endpoint
from cli.up import start
from domain.batch_file import format_of

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
_PATIENCE_SECONDS = 120.0
_OPENINGS_SECONDS = 60.0
_POLL_SECONDS = 0.5


def run(
    context: typer.Context,
    patience: Annotated[
        float, typer.Option(help="Seconds without any progress after which it gives up.")
    ] = _PATIENCE_SECONDS,
    as_json: Json = False,
) -> None:
    """Start the local system, load the sample reference data, post the sample batch, and show it.

    Run it again: every message is then a repeat, parked with a pointer to the first. Exits 1 when a
    message is unaccounted for or the trial balance is not zero. With --aws it uses the stack there.
    """
    choice = context.obj if isinstance(context.obj, Choice) else Choice()
    system = find(choice) if choice.wants_aws else of_endpoint(start(), choice.stack)
    screen.note(f"talking to {system.name}")
    _load_reference(system)
    submission_id = new_submission_id()
    screen.note(f"submission {submission_id}")
    expected = read_expected(SAMPLES / "batch") if nothing_received_yet(system) else None
    done = send(system, batch_files(SAMPLES / "batch"), submission_id)
    if not as_json:
        receipts_view.show(done.receipts, done.landed, full=False)
    watch = done.watch(system)
    wait_for_outcomes(watch, patience)
    outcomes = watch.with_claims()
    ending = Ending(system, done, outcomes, sorted(watch.open), expected)
    if as_json:
        screen.show_json(ending.values() | summary.as_values(watch, watched=True))
    else:
        ending.show()
    if not ending.good:
        raise typer.Exit(1)


def batch_files(folder: Path) -> list[Path]:
    """The messages of the sample batch; manifests and notes beside them are none."""
    files = sorted(path for path in folder.glob("*") if format_of(path.name) is not None)
    if not files:
        raise UserError(f"no batch files in {folder}: restore them with git")
    return files


def _load_reference(system: System) -> None:
    results = reference.load_files(system, reference.sample_files(SAMPLES / "reference"))
    errors = [error["message"] for result in results for error in result["errors"]]
    if errors:
        raise UserError(f"reference data was refused: {errors[0]}")
    rows = sum(result["rows"] for result in results)
    changed = sum(result["changed"] for result in results)
    openings = sum(result["openings"] for result in results)
    screen.note(
        f"reference data: {rows} rows, {changed} new or changed, {openings} openings ordered"
    )
    _wait_until_folded(system)


def _wait_until_folded(system: System) -> None:
    """Opening money is booked by way of a queue; the batch should meet it."""
    deadline, steady, before = time.monotonic() + _OPENINGS_SECONDS, 0, -1
    with screen.notes.status("booking opening money"):
        while time.monotonic() < deadline:
            count = sum(
                int(queue.waiting + queue.under_way)
                for queue in depths(system)
                if not queue.dead_letters
            ) + len(unfolded_ids(system))
            steady = steady + 1 if count == before == 0 else 0
            if steady:
                return
            before = count
            time.sleep(_POLL_SECONDS)
