"""`pause` and `resume`: the doors that an operator closes for a time, with who, when and why."""

from typing import Annotated, Any

import typer

from adapters.doors import API, CURRENT, DOORS, FILES, POSTING, Door, door_key, door_of
from adapters.mapping import DISABLED, ENABLED
from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.scanning import get_many
from cli.system import System

_WHAT_WAITS = {
    API: "callers are told to come again",
    FILES: "files wait in their queue, for 14 days at most",
    POSTING: "decided transactions wait in their queue, for 14 days at most",
}
_MAPPINGS = {
    FILES: ("FilesMappingId",),
    POSTING: ("PostingMappingId", "BatchPostingMappingId"),
}

Names = Annotated[list[str] | None, typer.Argument(help=f"{', '.join(DOORS)}.")]
All = Annotated[bool, typer.Option("--all", help="All doors.")]

type Told = dict[str, Any]


def pause(
    context: typer.Context,
    note: Annotated[str, typer.Option(help="Why; kept with the change, and shown by 'status'.")],
    doors: Names = None,
    everything: All = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Close doors for a time: what would come in waits, or is told to come again."""
    order = {"action": "pause", "note": note, "dry_run": dry_run}
    _move(context, order, doors, everything=everything, as_json=as_json)


def resume(
    context: typer.Context,
    doors: Names = None,
    note: Annotated[str, typer.Option(help="Why; kept with the change.")] = "",
    everything: All = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Open paused doors again."""
    order = {"action": "resume", "note": note, "dry_run": dry_run}
    _move(context, order, doors, everything=everything, as_json=as_json)


def _move(
    context: typer.Context,
    order: Told,
    named: list[str] | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    doors = chosen(named or [], everything=everything)
    system = connect(context)
    order = order | {"doors": doors, "by": caller(system)}
    with screen.notes.status(f"{order['action']} {', '.join(doors)}"):
        told = invoke(system, "Doors", order)
    if as_json:
        screen.show_json(told)
        return
    for door in told["doors"]:
        screen.line(line_of(door, dry_run=told["dry_run"]))


def chosen(named: list[str], *, everything: bool) -> list[str]:
    """Raises UserError for no door, for an unknown one, and for both ways of naming them."""
    unknown = [each for each in named if each not in DOORS]
    if unknown:
        raise UserError(f"there is no door {unknown[0]}: use {', '.join(DOORS)} or --all")
    if bool(named) == everything:
        raise UserError(f"name doors ({', '.join(DOORS)}) or give --all")
    return list(DOORS) if everything else list(dict.fromkeys(named))


def line_of(door: Told, *, dry_run: bool) -> str:
    """What became of one door."""
    if not door["changed"]:
        since = f" since {door['at']} by {door['by']}" if door["at"] else ""
        return f"{door['name']}: {door['state']} already{since}{_why(door['note'])}"
    would = "would be " if dry_run else ""
    waits = f"; {_WHAT_WAITS[door['name']]}" if door["state"] == "PAUSED" else ""
    return f"{door['name']}: {would}{door['state']}{waits}"


def standing(system: System) -> list[Told]:
    """How each door stands, and whether what feeds its function agrees."""
    rows = get_many(
        system.client("dynamodb"),
        system.table("Reference"),
        [{"pk": door_key(name), "sk": CURRENT} for name in DOORS],
        lambda row: str(row["pk"]),
    )
    return [_told(system, door_of(name, rows.get(door_key(name), {}))) for name in DOORS]


def _told(system: System, door: Door) -> Told:
    told: Told = {
        "name": door.name,
        "state": door.state,
        "at": door.at,
        "by": door.by,
        "note": door.note,
    }
    if door.name in _MAPPINGS:
        states = [_state(system, output) for output in _MAPPINGS[door.name]]
        wrong = ENABLED if door.paused else DISABLED
        told["mapping"] = wrong if wrong in states else states[0]
    return told


def _state(system: System, output: str) -> str:
    """Of an event source mapping: whether its queue is read."""
    uuid = system.output(output)
    return str(system.client("lambda").get_event_source_mapping(UUID=uuid)["State"])


def complaints(doors: list[Told]) -> list[str]:
    """What a person should look at, with the way out."""
    found = []
    for door in doors:
        name, paused, mapping = door["name"], door["state"] == "PAUSED", door.get("mapping")
        if paused:
            found.append(
                f"{name} is paused since {door['at']} by {door['by']}{_why(door['note'])}:"
                f" './posting resume {name}'"
            )
        if mapping == (ENABLED if paused else DISABLED):
            order = f"pause {name} --note WHY" if paused else f"resume {name}"
            found.append(f"{name} runs otherwise than it says: repeat './posting {order}'")
    return found


def _why(note: str) -> str:
    return f" ({note})" if note else ""
