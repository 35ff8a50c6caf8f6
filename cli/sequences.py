"""`sequences`: posting sequences from outside that are not booked, and decisions about them."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from adapters.assemblies import OPEN, PARKED, Assemblies, Assembly
from cli import screen
from cli.connection import Json, connect
from cli.decisions import Note
from cli.invocation import caller, invoke
from cli.system import System

Ids = Annotated[list[str], typer.Argument(help="Ids of sequences, as their sender named them.")]

app = typer.Typer(invoke_without_command=True)


@app.callback()
def sequences(
    context: typer.Context,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Only those that wait for legs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List posting sequences from outside that are not booked: they wait for legs, or are parked.

    'sequences retry ID' and 'sequences discard ID' decide.
    """
    if context.invoked_subcommand is not None:
        return
    found = [each for each in unbooked(connect(context)) if not incomplete or _waits(each)]
    show(found, as_json=as_json)


@app.command("retry")
def retry(context: typer.Context, ids: Ids, note: Note = "", as_json: Json = False) -> None:
    """Try to book parked sequences once more: their account is loaded, or open again."""
    _decide(context, ids, {"action": "retry", "note": note}, as_json=as_json)


@app.command("discard")
def discard(context: typer.Context, ids: Ids, note: Note = "", as_json: Json = False) -> None:
    """Close sequences for good: they will not be booked."""
    _decide(context, ids, {"action": "discard", "note": note}, as_json=as_json)


def unbooked(system: System) -> Iterator[Assembly]:
    """Open and parked sequences, each read strongly."""
    assemblies = Assemblies(system.client("dynamodb"), system.table("Assemblies"))
    for state in (OPEN, PARKED):
        for sequence_id in assemblies.in_state(state):
            assembly = assemblies.get(sequence_id)
            # The index may be a moment behind.
            if assembly is not None and assembly.state == state:
                yield assembly


def show(found: list[Assembly], *, as_json: bool) -> None:
    if as_json:
        screen.show_json([msgspec.to_builtins(each) for each in found])
        return
    if not found:
        screen.out.print("No posting sequence waits or is parked.")
        return
    for each in sorted(found, key=lambda each: each.first_at):
        facts = f"{each.state}  {each.got} of {each.leg_count} legs, first at {each.first_at}"
        screen.out.print(f"{each.sequence_id}  {facts}", markup=False)
        if each.reason:
            screen.out.print(f"    {each.reason}: {each.message}", markup=False, style=screen.DIM)


def _waits(assembly: Assembly) -> bool:
    return assembly.state == OPEN and not assembly.complete


def _decide(
    context: typer.Context, ids: list[str], order: dict[str, Any], *, as_json: bool
) -> None:
    """Each sequence is an order of its own: one refusal does not stop the others."""
    system = connect(context)
    by = caller(system)
    told = [
        invoke(system, "CheckSequences", order | {"sequence_id": sequence_id, "by": by})
        for sequence_id in ids
    ]
    if as_json:
        screen.show_json(told)
    for each in told if not as_json else []:
        if each["result"] == "REFUSED":
            screen.complain(f"{each['sequence_id']}: {each['message']} ({each['code']})")
        else:
            done = "will be tried again" if order["action"] == "retry" else "is discarded"
            screen.out.print(f"{each['sequence_id']} {done}", markup=False)
    if any(each["result"] == "REFUSED" for each in told):
        raise typer.Exit(1)
