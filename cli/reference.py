"""`reference load`: accounts, cards, products, merchants, categories, rates and rules."""

from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import screen
from cli.connection import Json, connect
from cli.errors import UserError
from cli.invocation import invoke
from cli.reference_files import ReferenceFile, read_all
from cli.system import System

# Some rows of an account cost several calls of the function, which has two minutes.
_ROWS_MAX = 100

app = typer.Typer(
    no_args_is_help=True, help="Reference data: accounts, cards, products, rates, rules."
)


@app.command("load")
def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help='JSON files {"kind": ..., "rows": [...]}.')],
    as_json: Json = False,
) -> None:
    """Check reference files against their schemas and load them, in the right order.

    Loading again is harmless: unchanged rows are left alone, opening money is booked once.
    """
    checked = read_all(files)
    system = connect(context)
    results = load_files(system, checked)
    if as_json:
        screen.show_json(results)
    else:
        show(results)
    if any(result["errors"] for result in results):
        raise typer.Exit(1)


def load_files(system: System, files: list[ReferenceFile]) -> list[dict[str, Any]]:
    """One result per file: rows, changed, openings, errors."""
    version = invoke(system, "LoadReference", {"action": "begin"})["version"]
    rows = sum(len(file.rows) for file in files)
    with Progress(
        TextColumn("loading reference data"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=screen.notes,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=rows)
        results = []
        for file in files:
            progress.update(task, description=file.kind)
            results.append(
                _load_file(system, file, version, lambda count: progress.advance(task, count))
            )
    return results


def _load_file(
    system: System, file: ReferenceFile, version: int, done: Callable[[int], None]
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "file": str(file.path),
        "kind": file.kind,
        "rows": len(file.rows),
        "changed": 0,
        "openings": 0,
        "errors": [],
    }
    for payload in _payloads(file, version):
        told = invoke(system, "LoadReference", payload)
        result["changed"] += told.get("changed", 0)
        result["openings"] += told.get("openings", 0)
        result["errors"] += told.get("errors", [])
        done(len(payload["rows"]))
    return result


def _payloads(file: ReferenceFile, version: int) -> Iterator[dict[str, Any]]:
    if file.kind == "rules":
        # A rule set is loaded as one; 'rules activate' puts it in force.
        yield {"action": "rules", "rule_version": file.rule_version, "rows": file.rows}
        return
    for some in batched(file.rows, _ROWS_MAX, strict=False):
        yield {"action": "rows", "kind": file.kind, "version": version, "rows": list(some)}


def show(results: list[dict[str, Any]]) -> None:
    rows = [
        (
            result["kind"],
            result["rows"],
            result["changed"],
            result["openings"] or "",
            screen.mark(len(result["errors"]), screen.BAD) if result["errors"] else "",
        )
        for result in results
    ]
    columns = ("kind", ">rows", ">new or changed", ">openings ordered", ">refused")
    screen.out.print(screen.table("Reference data", columns, rows))
    for result in results:
        for error in result["errors"]:
            screen.complain(f"{result['kind']}: {error['message']}")


def sample_files(folder: Path) -> list[ReferenceFile]:
    """The project's own reference files, for `run`."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UserError(f"no reference files in {folder}: restore them with git")
    return read_all(paths)
