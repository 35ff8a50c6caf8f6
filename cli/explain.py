"""`explain`: everything that is known about one record, from its door to its announcement."""

from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import Json, connect
from cli.dossier import Dossier
from cli.errors import UserError
from cli.explain_view import show
from cli.outcomes import amount_of
from cli.system import System


def explain(
    context: typer.Context,
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="ing_... of a receipt, msg_..., or a header J#...")
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
    """Raises UserError for an id that nobody knows."""
    dossier = Dossier(system)
    ingest_id = dossier.record_of(identifier)
    told = dossier.story.of(ingest_id) or dossier.opening(identifier)
    if told is None:
        raise UserError(f"nobody knows {identifier}: use an id of a receipt, or './posting parked'")
    inbox = dossier.inbox.get(ingest_id) or dossier.parked.get(ingest_id) or {}
    stated = amount_of(inbox)
    told["amount"] = {"amount": stated.amount, "currency": stated.currency} if stated else None
    told["corrections"] = dossier.corrections(told)
    told["timings"] = dossier.timings(told, inbox)
    told["events"] = dossier.events(told) if events else []
    told["balance_now"] = dossier.balance_now(told)
    return told
