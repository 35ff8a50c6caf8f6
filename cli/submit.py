"""`submit`: messages through the REST API, batch files through the landing bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import dry_run as dry_run_view
from cli import receipts as receipts_view
from cli import screen, summary
from cli.api_door import ApiDoor, Receipt
from cli.connection import Json, connect
from cli.errors import UserError
from cli.landing_door import Landed, LandingDoor
from cli.live import wait_for_outcomes
from cli.submission import Line, cut, lines_of, new_submission_id, stated_network
from cli.system import System
from cli.watch import Watch
from domain.batch_file import format_of

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submission: the API's receipts and the objects in the landing bucket."""

    submission_id: str
    receipts: tuple[Receipt, ...]
    landed: tuple[Landed, ...]

    @property
    def not_taken(self) -> int:
        """Messages that nobody has received, so nobody accounts for them."""
        return sum(1 for receipt in self.receipts if not receipt.ingest_id)

    def watch(self, system: System) -> Watch:
        watch = Watch(system)
        watch.add(receipt.ingest_id for receipt in self.receipts if receipt.ingest_id)
        for each in self.landed:
            watch.add_file(each)
        return watch


def submit(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help=".jsonl, .bin or .hex files.")],
    through_s3: Annotated[
        bool, typer.Option("--s3", help="Upload .jsonl files too, instead of using the API.")
    ] = False,
    key: Annotated[
        str | None, typer.Option(help="Submission id of an earlier try: nothing is received twice.")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(help="Network of messages that name none; else that of the file's manifest."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every message has an outcome.")
    ] = False,
    patience: Annotated[
        float, typer.Option(help="Seconds without any progress after which --wait gives up.")
    ] = PATIENCE_SECONDS,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would become of each message; nothing is sent."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Send card messages in and show a receipt for each.

    .jsonl files go through the REST API, a hundred messages a request; .bin and .hex files, and
    .jsonl with --s3, are uploaded to the landing bucket, the manifest (FILE.manifest.json) first.

    With --dry-run nothing is received: the same code says outcome, reason, legs and balances, one
    message after the other as if those before it were booked.
    """
    check(files)
    if dry_run:
        if wait or key:
            raise UserError("--dry-run receives nothing: leave --wait and --key out")
        foreseen = dry_run_view.ask(connect(context), files, network, through_s3=through_s3)
        dry_run_view.show(foreseen, as_json=as_json)
        return
    system = connect(context)
    submission_id = key or new_submission_id()
    screen.note(f"submission {submission_id} (repeat it with --key {submission_id})")
    done = send(system, files, submission_id, network, through_s3=through_s3)
    if not as_json:
        receipts_view.show(done.receipts, done.landed)
    watch = done.watch(system)
    settled = wait_for_outcomes(watch, patience) if wait else True
    if as_json:
        values = receipts_view.as_values(done.receipts, done.landed)
        screen.show_json({"submission_id": submission_id} | values | summary.as_values(watch, wait))
    elif wait:
        screen.out.print()
        summary.show_outcomes(watch.with_claims())
    if not settled or done.not_taken:
        raise typer.Exit(1)


def send(
    system: System,
    files: Sequence[Path],
    submission_id: str,
    network: str | None = None,
    *,
    through_s3: bool = False,
) -> Submitted:
    """Send every file through its door. One refused message or request never stops the others."""
    check(files)
    by_api = [path for path in files if path.suffix.lower() == ".jsonl" and not through_s3]
    door = LandingDoor(system) if len(by_api) < len(files) else None
    receipts = tuple(_through_api(system, by_api, submission_id, network))
    landed = tuple(door.put(path, submission_id) for path in files if door and path not in by_api)
    return Submitted(submission_id, receipts, landed)


def check(files: Sequence[Path]) -> None:
    """Raises UserError for a file that no door takes."""
    for path in files:
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        if format_of(path.name) is None:
            raise UserError(
                f"{path.name} ends in none of .jsonl, .bin and .hex: name it after its format"
            )


def _through_api(
    system: System, paths: Sequence[Path], submission_id: str, network: str | None
) -> Iterator[Receipt]:
    if not paths:
        return
    lines = [line for path in paths for line in _lines(path, network)]
    with Progress(
        TextColumn("sending messages"),
        BarColumn(),
        MofNCompleteColumn(),
        console=screen.notes,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=len(lines))
        for receipts in ApiDoor(system).submit(cut(lines), submission_id):
            progress.advance(task, len(receipts))
            yield from receipts


def _lines(path: Path, network: str | None) -> Iterator[Line]:
    return lines_of(path, network or stated_network(path))
