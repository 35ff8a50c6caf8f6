"""`status`: what runs, what waits, and what is under way."""

from datetime import UTC, datetime
from typing import Any

import typer

import local
from cli import doors, screen
from cli.books import unfolded_ids
from cli.connection import Json, connect
from cli.outcomes import RELEASED
from cli.queues import Depth, depths
from cli.scanning import scan
from cli.system import System


def status(context: typer.Context, as_json: Json = False) -> None:
    """Queues, dead letters, pipes, fold lag and records in flight; local processes too.

    Exits 1 when something needs a person: dead letters, a stopped pipe, a dead process. Reads the
    keys of the Inbox, Journal, Parked and Balances tables.
    """
    system = connect(context)
    told = read(system)
    if as_json:
        screen.show_json(told)
    else:
        show(told)
    if told["needs_attention"]:
        raise typer.Exit(1)


def read(system: System) -> dict[str, Any]:
    queues = depths(system)
    pipes = {name: _pipe_state(system, name) for name in ("InboxPipe", "JournalPipe")}
    flying = in_flight(system)
    standing = doors.standing(system)
    told: dict[str, Any] = {
        "system": system.name,
        "queues": [queue._asdict() for queue in queues],
        "pipes": pipes,
        "doors": standing,
        "unfolded_headers": len(unfolded_ids(system)),
        "in_flight": {
            "records": len(flying),
            "oldest_received_at": min(flying.values(), default=None),
            "ids": sorted(flying, key=lambda ingest_id: flying[ingest_id])[:20],
        },
    }
    if system.is_local:
        told["local"] = local.status()
    return told | {"needs_attention": _attention(queues, pipes, told)}


def in_flight(system: System) -> dict[str, str]:
    """ingest_id -> received_at of the records that have no outcome."""
    client = system.client("dynamodb")
    inbox = scan(client, system.table("Inbox"), attributes=["ingest_id", "received_at"])
    headers = scan(
        client,
        system.table("Journal"),
        only="sk = :h",
        values={":h": "H"},
        attributes=["ingest_id"],
    )
    parked = scan(client, system.table("Parked"), attributes=["ingest_id", "state"])
    settled = {row["ingest_id"] for row in headers}
    settled |= {row["ingest_id"] for row in parked if row.get("state", RELEASED) != RELEASED}
    return {
        row["ingest_id"]: row["received_at"] for row in inbox if row["ingest_id"] not in settled
    }


def _pipe_state(system: System, name: str) -> str:
    pipe = system.client("pipes").describe_pipe(Name=system.output(f"{name}Name"))
    return str(pipe["CurrentState"])


def _attention(queues: list[Depth], pipes: dict[str, str], told: dict[str, Any]) -> list[str]:
    """What a person should look at, with the way to it."""
    found = [
        f"{queue.waiting} letters in {queue.name}: docs/runbook.md, then './posting redrive'"
        for queue in queues
        if queue.dead_letters and queue.waiting
    ]
    found += [
        f"pipe {name} is {state}: start it again"
        for name, state in pipes.items()
        if state not in {"RUNNING", "STARTING", "CREATING", "UPDATING"}
    ]
    found += doors.complaints(told["doors"])
    running = told.get("local", {})
    found += running.get("complaints", [])
    if running and not running["companion"] and not running["complaints"]:
        found.append("the pipes are not carried: './posting up' starts the forwarder")
    return found


def show(told: dict[str, Any]) -> None:
    rows = [
        (
            queue["name"],
            "dead letters" if queue["dead_letters"] else "queue",
            _count(queue["waiting"], bad=queue["dead_letters"]),
            queue["under_way"] or "",
        )
        for queue in told["queues"]
        if not queue["dead_letters"] or queue["waiting"] or queue["under_way"]
    ]
    screen.out.print(screen.table("Queues", ("queue", "kind", ">waiting", ">under way"), rows))
    empty = sum(1 for queue in told["queues"] if queue["dead_letters"] and not queue["waiting"])
    screen.out.print(f"{empty} dead-letter queues are empty.\n")
    for line in _lines(told):
        screen.out.print(line)
    for line in told["needs_attention"]:
        screen.complain(line)


def _count(number: int, *, bad: bool) -> object:
    return screen.mark(number, screen.BAD) if bad and number else number


def _lines(told: dict[str, Any]) -> list[str]:
    flying = told["in_flight"]
    pipes = ", ".join(f"{name} {state}" for name, state in told["pipes"].items())
    doors_now = ", ".join(f"{door['name']} {door['state']}" for door in told["doors"])
    lines = [
        f"Doors          {doors_now}",
        f"Pipes          {pipes}",
        f"Fold lag       {told['unfolded_headers']} headers",
        f"In flight      {flying['records']} records{_age(flying['oldest_received_at'])}",
    ]
    running = told.get("local")
    if running:
        memory = running.get("memory", {})
        lines += [
            f"Engine         {running['engine']}",
            f"Forwarder      {'running' if running['companion'] else 'not running'}",
            f"Memory         {memory.get('now_mb', '?')} MB in {memory.get('now_processes', '?')}"
            f" processes, at most {memory.get('peak_mb', '?')} MB",
        ]
    return lines


def _age(oldest: str | None) -> str:
    if oldest is None:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(oldest)).total_seconds()
    return f", the oldest for {seconds:.0f} s"
