"""`explain`: everything that is known about one record, from its door to its announcement."""

from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import Json, connect
from cli.dossier import heard_of, story_of
from cli.errors import UserError
from cli.explain_view import show
from cli.system import System


def explain(
    context: typer.Context,
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="ing_... of a receipt, msg_..., pay_..., or a header J#..."
        ),
    ],
    events: Annotated[
        bool, typer.Option(help="Look for its events in the audit trail of those hours.")
    ] = True,
    as_json: Json = False,
) -> None:
    """What became of a record: decision, legs, balances, events, timings, history."""
    system = connect(context)
    told = read(system, identifier, events=events)
    if as_json:
        screen.show_json(told)
    else:
        show(told)


def read(system: System, identifier: str, *, events: bool = True) -> dict[str, Any]:
    """What the API tells, and which events were heard. Raises UserError for an id that nobody
    knows.
    """
    told = story_of(system).of(identifier)
    if told is None:
        raise UserError(f"nobody knows {identifier}: use an id of a receipt, or './posting parked'")
    told["events"] = heard_of(system, told) if events else []
    return told
