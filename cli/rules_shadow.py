"""`rules shadow`: what another rule version would have decided of the events of a time.

The audit trail's TransactionEnriched are decided twice by the dry machine, by the version that each
names and by the other one. Nothing is posted, and nothing is written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import screen
from cli.amounts import moneys
from cli.audit.trail import Trail
from cli.connection import Json, connect
from cli.invocation import invoke
from cli.replay import Window, window_of
from cli.rule_versions import checks_of
from cli.system import System

# Twice as many executions of the workflow, within the function's 25 seconds.
_EVENTS_MAX = 20
_AT_ONCE = 4
_EXAMPLES_MAX = 5
# The trail may have an event this long after the bus.
_LATE = timedelta(hours=1)
_FAILED = "FAILED"

type Row = dict[str, Any]


def shadow(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version that is loaded: v2.")],
    since: Annotated[str, typer.Option(help="From here on, ISO: 2026-11-22T19:00:00Z.")],
    until: Annotated[str, typer.Option(help="Up to here, ISO; before now.")],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Decide so many events at most, the earliest first.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what would have been decided otherwise, by count, amount and example; posts nothing.

    With --limit it says where it stopped: go on with --since there.
    """
    window = window_of(since, until, datetime.now(UTC))
    system = connect(context)
    checks_of(system, version)
    with screen.notes.status("reading the audit trail"):
        events = enriched_in(Trail(system), window)
    chosen = events[:limit] if limit else events
    told = report(decided(system, version, [event["detail"] for event in chosen]))
    rest = events[len(chosen) :]
    told = {
        "rule_version": version,
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "events": len(events),
        **told,
        "next_since": rest[0]["time"] if rest else None,
    }
    if as_json:
        screen.show_json(told)
    else:
        show(told)


def enriched_in(trail: Trail, window: Window) -> list[Row]:
    """The events of that time, each once however often it was delivered, in their order."""
    found: dict[str, Row] = {}
    for event in trail.events(window.since, window.until + _LATE):
        if event.detail_type != "TransactionEnriched" or not event.time:
            continue
        if window.since <= datetime.fromisoformat(event.time) <= window.until:
            known = {"time": event.time, "detail": event.detail}
            found.setdefault(event.detail["meta"]["event_id"], known)
    return sorted(found.values(), key=lambda each: str(each["time"]))


def decided(system: System, version: str, events: list[Row]) -> list[Row]:
    """For each event what both versions say; some calls are under way at a time."""

    def ask(some: tuple[Row, ...]) -> list[Row]:
        order = {"action": "decide", "rule_version": version, "events": list(some)}
        return list(invoke(system, "DryRun", order)["results"])

    with (
        Progress(
            TextColumn("deciding again"),
            BarColumn(),
            MofNCompleteColumn(),
            console=screen.notes,
            transient=True,
        ) as progress,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        task = progress.add_task("", total=len(events))
        found: list[Row] = []
        for results in pool.map(ask, batched(events, _EVENTS_MAX, strict=False)):
            progress.advance(task, len(results))
            found += results
        return found


def report(compared: Iterable[Row]) -> Row:
    """Counts; the changes by what they come from and go to, with amounts and examples."""
    all_of_them = list(compared)
    undecided = [each for each in all_of_them if _FAILED in _outcomes(each)]
    changed = [each for each in all_of_them if each not in undecided and differs(each)]
    groups: dict[tuple[str, str], list[Row]] = {}
    for each in changed:
        groups.setdefault((said(each["before"]), said(each["after"])), []).append(each)
    return {
        "decided": len(all_of_them),
        "unchanged": len(all_of_them) - len(changed) - len(undecided),
        "changed": sum(_outcome_differs(each) for each in changed),
        "flags_only": sum(not _outcome_differs(each) for each in changed),
        "changes": [
            {
                "from": before,
                "to": after,
                "count": len(group),
                "amounts": _amounts(group),
                "examples": [each["ingest_id"] for each in group[:_EXAMPLES_MAX]],
            }
            for (before, after), group in sorted(
                groups.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ],
        "undecided": [
            {"ingest_id": each["ingest_id"], "why": _failure(each)} for each in undecided
        ],
    }


def differs(each: Row) -> bool:
    return bool(each["before"] != each["after"])


def said(verdict: Row) -> str:
    """Outcome, reason and flags in a line."""
    words = [verdict["outcome"], verdict.get("reason") or "", " ".join(verdict.get("flags", ()))]
    return " ".join(word for word in words if word)


def show(told: Row) -> None:
    screen.out.print(
        f"{told['decided']} of {told['events']} events decided by {told['rule_version']}:"
        f" {told['changed']} otherwise, {told['flags_only']} with other flags only,"
        f" {told['unchanged']} the same. Nothing was posted."
    )
    if told["changes"]:
        rows = [
            (each["from"], each["to"], each["count"], moneys(each["amounts"]))
            for each in told["changes"]
        ]
        screen.out.print(screen.table("Changes", ("from", "to", ">count", ">amount"), rows))
        for line in _examples(told["changes"]):
            screen.line(line)
    for each in told["undecided"]:
        screen.complain(f"{each['ingest_id']} cannot be decided: {each['why']}")
    if told["next_since"]:
        screen.note(f"stopped at the limit: go on with --since {told['next_since']}")


def _examples(changes: Iterable[Row]) -> Iterator[str]:
    for each in changes:
        yield f"{each['from']} -> {each['to']}: {', '.join(each['examples'])}"


def _failure(each: Row) -> str:
    """The first of the two verdicts that failed says why."""
    failed = [each[name] for name in ("before", "after") if each[name]["outcome"] == _FAILED]
    return str(failed[0].get("reason", ""))


def _outcomes(each: Row) -> set[str]:
    return {each["before"]["outcome"], each["after"]["outcome"]}


def _outcome_differs(each: Row) -> bool:
    before, after = (
        (each[name]["outcome"], each[name].get("reason")) for name in ("before", "after")
    )
    return before != after


def _amounts(group: Iterable[Row]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in group:
        total[each["amount"]["currency"]] += each["amount"]["amount"]
    return dict(sorted(total.items()))
