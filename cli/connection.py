"""From a command's context to the system it talks to, which is said before anything happens."""

from typing import Annotated

import typer

from cli import screen, system

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def connect(context: typer.Context) -> system.System:
    """The system that the person chose, or that stands to reason. Raises UserError."""
    choice = context.obj if isinstance(context.obj, system.Choice) else system.Choice()
    found = system.find(choice)
    screen.note(f"talking to {found.name}")
    return found
