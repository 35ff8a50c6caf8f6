"""`replay`: events of a time come from the archive to the money path again; what that changed."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn

from cli import screen
from cli.audit.trail import Trail
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.queues import depths
from cli.repairs import instant
from cli.replay_effect import APPLIED, CONFLICT, NO_OP, OPEN, Outcomes, report
from cli.system import System
from cli.watch import Watch

# The rule that takes an event to the next step, by the stack's output.
_RULES = {
    "TransactionAuthorized": "AuthorizedRuleArn",
    "TransactionEnriched": "EnrichedRuleArn",
    "TransactionPostingApproved": "DecidedRuleArn",
    "TransactionPostingSuspended": "DecidedRuleArn",
}
# An archive, and the audit trail, may have an event this long after the bus.
_LATE = timedelta(minutes=10)
_POLL_SECONDS = 2.0
_QUIET_POLLS = 3
_ENDED = {"COMPLETED", "FAILED", "CANCELLED"}
_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Window:
    since: datetime
    until: datetime


def replay(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="From here on, ISO: 2026-11-22T19:00:00Z.")],
    until: Annotated[str, typer.Option(help="Up to here, ISO; before now.")],
    types: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(_RULES)}; may be repeated. All of them if none is named."),
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds without any progress after which it gives up.")
    ] = 600.0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send the archive's events of a time to the money path again, and report what changed.

    Only the rules of the money path get them, not the audit trail and the consumers. What was
    booked is met by its header: a replay of everything changes nothing.
    """
    window, wanted = window_of(since, until, datetime.now(UTC)), chosen(types or [])
    system = connect(context)
    if window.until > datetime.now(UTC) - _LATE:
        screen.note("the archive may get events up to ten minutes late: later ones may be missing")
    counts, ids = concerned(Trail(system), window, wanted)
    before = outcomes(system, ids)
    told: dict[str, Any] = {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "events": dict(sorted(counts.items())),
        "records": len(ids),
        "dry_run": dry_run,
    }
    if not dry_run and ids:
        name = start(system, window, wanted)
        state = follow(system, name, window, patience)
        settle(system, ids, patience)
        told |= {"replay": name, "state": state, **report(before, outcomes(system, ids), ids)}
    if as_json:
        screen.show_json(told)
    else:
        show(told, before)
    if told.get("state", "COMPLETED") != "COMPLETED" or told.get(CONFLICT) or told.get(OPEN):
        raise typer.Exit(1)


def window_of(since: str, until: str, now: datetime) -> Window:
    """Raises UserError for what is no span of the past."""
    window = Window(
        # Events carry whole seconds: those of the first one belong to it.
        datetime.fromisoformat(instant("since", since)).replace(microsecond=0),
        datetime.fromisoformat(instant("until", until)),
    )
    if window.since >= window.until:
        raise UserError(f"--since {since} is not before --until {until}")
    if window.until >= now:
        raise UserError(f"--until {until} is not in the past: only what has happened is replayed")
    return window


def chosen(types: Iterable[str]) -> tuple[str, ...]:
    """The detail-types to replay. Raises UserError for one that no rule of the money path takes."""
    wanted = tuple(dict.fromkeys(types)) or tuple(_RULES)
    for each in wanted:
        if each not in _RULES:
            raise UserError(f"--types {each} is not replayed: use one of {', '.join(_RULES)}")
    # A rule takes all of its types.
    rules = {_RULES[each] for each in wanted}
    return tuple(each for each, rule in _RULES.items() if rule in rules)


def concerned(
    trail: Trail, window: Window, types: tuple[str, ...]
) -> tuple[Counter[str], list[str]]:
    """How many events of each type the trail has of that time, and the records they are about."""
    counts: Counter[str] = Counter()
    ids: dict[str, None] = {}
    for event in trail.events(window.since, window.until + timedelta(hours=1)):
        if event.detail_type not in types or not event.time:
            continue
        if window.since <= datetime.fromisoformat(event.time) <= window.until:
            counts[event.detail_type] += 1
            ids[event.detail["meta"]["correlation_id"]] = None
    return counts, list(ids)


def outcomes(system: System, ids: Iterable[str]) -> Outcomes:
    """What has become of the records so far; those in flight are left out."""
    watch = Watch(system)
    watch.add(ids)
    watch.look()
    return watch.outcomes


def start(system: System, window: Window, types: tuple[str, ...]) -> str:
    """The replay's name."""
    name = f"{system.stack}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    rules = sorted({system.output(_RULES[each]) for each in types})
    system.client("events").start_replay(
        ReplayName=name,
        EventSourceArn=system.output("ArchiveArn"),
        EventStartTime=window.since,
        EventEndTime=window.until,
        Destination={"Arn": system.output("BusArn"), "FilterArns": rules},
    )
    return name


def follow(system: System, name: str, window: Window, patience: float) -> str:
    """Show how far the replay has come until it ends; its last state."""
    span = max(1.0, (window.until - window.since).total_seconds())
    moved_at, last = time.monotonic(), ("", 0.0)
    with Progress(
        TextColumn("replay {task.description}"), BarColumn(), console=screen.notes, transient=True
    ) as progress:
        task = progress.add_task("STARTING", total=span)
        while True:
            told = system.client("events").describe_replay(ReplayName=name)
            state = str(told["State"])
            reached = told.get("EventLastReplayedTime")
            done = (reached - window.since).total_seconds() if reached else 0.0
            progress.update(task, description=state, completed=span if state in _ENDED else done)
            if state in _ENDED:
                return state
            if (state, done) != last:
                moved_at, last = time.monotonic(), (state, done)
            if time.monotonic() - moved_at > patience:
                raise UserError(f"replay {name} stays {state}: look at it with 'aws events'")
            time.sleep(_POLL_SECONDS)


def settle(system: System, ids: list[str], patience: float) -> None:
    """Wait until the queues are quiet and each record has an outcome, or nothing moves."""
    watch = Watch(system)
    watch.add(ids)
    moved_at, quiet = time.monotonic(), 0
    with screen.notes.status("waiting for the queues"):
        while quiet < _QUIET_POLLS:
            time.sleep(_POLL_SECONDS)
            waiting = sum(
                each.waiting + each.under_way for each in depths(system) if not each.dead_letters
            )
            if watch.look() or waiting:
                moved_at = time.monotonic()
            quiet = 0 if waiting or watch.open else quiet + 1
            if time.monotonic() - moved_at > patience:
                return


def show(told: dict[str, Any], before: Outcomes) -> None:
    for detail_type, count in told["events"].items():
        screen.out.print(f"{count} {detail_type}")
    in_flight = told["records"] - len(before)
    screen.out.print(f"{told['records']} records, {in_flight} of them without an outcome so far.")
    if told["dry_run"]:
        screen.out.print("Nothing was done (--dry-run).")
        return
    if "replay" not in told:
        screen.out.print("There was nothing to do.")
        return
    screen.out.print(f"Replay {told['replay']} is {told['state']}: {told[NO_OP]} no-op,")
    for what in (APPLIED, CONFLICT, OPEN):
        names = told[what]
        screen.out.print(f"{len(names)} {what}" + (":" if names else ""))
        for name in names[:_SHOWN_MAX]:
            screen.line(f"  {name}")
        if len(names) > _SHOWN_MAX:
            screen.out.print(f"  ... and {len(names) - _SHOWN_MAX} more: --json lists them")
