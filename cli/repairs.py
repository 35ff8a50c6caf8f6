"""`sweep`, `republish`, `rebuild-balances`: make again what was lost, with the same ids. `timers`:
do what is due.
"""

from datetime import datetime
from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import invoke
from cli.system import System

_SHOWN_MAX = 20

Since = Annotated[str | None, typer.Option(help="From here on, ISO: 2026-11-22T19:00:00Z.")]
Until = Annotated[str | None, typer.Option(help="Up to here, ISO.")]


def sweep(
    context: typer.Context,
    min_age_minutes: Annotated[
        int | None, typer.Option(min=0, help="Leave younger records alone; else the stack's age.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send records that have no outcome on their way again."""
    payload: dict[str, Any] = {"dry_run": dry_run}
    if min_age_minutes is not None:
        payload["min_age_minutes"] = min_age_minutes
    told = _ask(connect(context), "Sweep", payload, as_json=as_json)
    if as_json:
        return
    if told["paused"]:
        screen.out.print("Posting is paused: records wait for './posting resume posting'.")
        return
    lists = {
        "sent again": told["resent"],
        "parked, as repeats, as unreadable or until a response comes": told["parked"],
        "not accepted by the bus (the next sweep tries again)": told["unsent"],
    }
    _say(f"Looked at {told['seen']} records.", lists, dry_run=dry_run)


def timers(context: typer.Context, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Release holds that expired, and end the waiting of messages that waited in vain."""
    told = _ask(connect(context), "Timers", {"dry_run": dry_run}, as_json=as_json)
    if as_json:
        return
    if told["paused"]:
        screen.out.print("Posting is paused: timers wait for './posting resume posting'.")
        return
    lists = {
        "holds released": told["expired"],
        "messages sent on": told["woken"],
        "requests without a response": told["unanswered"],
    }
    _say("Looked at the timers that ended.", lists, dry_run=dry_run)


def republish(
    context: typer.Context,
    header_ids: Annotated[
        list[str] | None, typer.Argument(help="Header ids (J#...): announced whatever was heard.")
    ] = None,
    since: Since = None,
    until: Until = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Announce bookings again that are missing in the audit trail, or those that are named."""
    payload: dict[str, Any] = {"dry_run": dry_run} | window_of(since, until)
    if header_ids:
        if since or until:
            raise UserError("name header ids, or a time with --since and --until: not both")
        payload["header_ids"] = header_ids
    told = _ask(connect(context), "Republish", payload, as_json=as_json)
    if not as_json:
        lists = {"announced again": told["republished"], "unknown": told["unknown"]}
        _say(f"Looked at {told['checked']} bookings.", lists, dry_run=dry_run)
    if told["unknown"] or told["refused"]:
        raise typer.Exit(1)


def rebuild_balances(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    resum: Annotated[
        bool, typer.Option("--resum", help="Stop the fold, sum all folded bookings, set the rows.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Fold bookings that are missing in the internal balances; --resum sets those balances anew."""
    if resum and (since or until):
        raise UserError("--resum sums everything: leave --since and --until out")
    payload: dict[str, Any] = {"dry_run": dry_run} | window_of(since, until)
    if resum:
        payload["resum"] = True
    told = _ask(connect(context), "RebuildBalances", payload, as_json=as_json)
    if as_json:
        return
    if resum:
        _say(f"Summed {told['summed']} bookings.", _changes(told["corrected"]), dry_run=dry_run)
        return
    _say(f"Looked at {told['checked']} bookings.", {"folded": told["folded"]}, dry_run=dry_run)


def _ask(
    system: System, function: str, payload: dict[str, Any], *, as_json: bool
) -> dict[str, Any]:
    with screen.notes.status(f"waiting for {function}Function"):
        told = invoke(system, function, payload)
    if as_json:
        screen.show_json(told)
    return told


def window_of(since: str | None, until: str | None) -> dict[str, str]:
    """Both ends as instants with a time zone: the function compares them with UTC."""
    return {
        name: instant(name, text)
        for name, text in (("since", since), ("until", until))
        if text is not None
    }


def instant(name: str, text: str) -> str:
    """With a time zone, as ISO. Raises UserError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--{name} {text} is no ISO time: write 2026-11-22T19:00:00Z") from None
    if moment.tzinfo is None:
        raise UserError(f"--{name} {text} has no time zone: add Z for UTC")
    return moment.isoformat()


def _changes(corrected: dict[str, dict[str, int]]) -> dict[str, list[str]]:
    changes = [f"{name}: {values['was']} -> {values['is']}" for name, values in corrected.items()]
    return {"balances set (credit less debit, in minor units)": changes}


def _say(looked_at: str, lists: dict[str, list[str]], *, dry_run: bool) -> None:
    """What was looked at, and each list that is not empty."""
    screen.out.print(looked_at)
    found = {what: names for what, names in lists.items() if names}
    if not found:
        screen.out.print("Nothing to do." if dry_run else "There was nothing to do.")
    elif dry_run:
        screen.out.print("Nothing was done (--dry-run). It would be:")
    for what, names in found.items():
        screen.out.print(f"{len(names)} {what}:")
        for name in names[:_SHOWN_MAX]:
            screen.line(f"  {name}")
        if len(names) > _SHOWN_MAX:
            screen.out.print(f"  ... and {len(names) - _SHOWN_MAX} more: --json lists them")
