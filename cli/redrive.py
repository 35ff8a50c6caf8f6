"""`redrive`: dead letters go where they belong, slice by slice, until none is left."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import invoke
from cli.queues import depths
from cli.system import System
from domain.letters import QUEUES

_SUFFIX = "DeadLetters"
_SHOWN_MAX = 20
_LISTS = ("resent", "settled", "failed", "by_time")

type Told = dict[str, Any]


def redrive(
    context: typer.Context,
    queues: Annotated[
        list[str] | None,
        typer.Argument(help=f"{', '.join(QUEUES)}; all of them if none is named."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send dead letters on their way again, each once; what has its outcome is only deleted.

    A letter is deleted after its resending was confirmed. One that cannot be read stays, and is
    told with its reason: then the command exits with 1.
    """
    wanted = tuple(dict.fromkeys(map(known_queue, queues or QUEUES)))
    system = connect(context)
    results = [told for told in _results(system, wanted, dry_run=dry_run)]
    if as_json:
        screen.show_json(results)
    else:
        for told in results:
            show(told)
    if any(told["failed"] for told in results):
        raise typer.Exit(1)


def known_queue(given: str) -> str:
    """A queue by its name in the template, in any case, with or without its ending."""
    for name in QUEUES:
        if given.lower() in {name.lower(), name.removesuffix(_SUFFIX).lower()}:
            return name
    raise UserError(f"{given} holds no dead letters: use one of {', '.join(QUEUES)}")


def _results(system: System, queues: tuple[str, ...], *, dry_run: bool) -> Iterator[Told]:
    lying = _lying(system)
    with Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=screen.notes,
        transient=True,
    ) as progress:
        for queue in queues:
            task = progress.add_task(queue, total=lying.get(queue, 0))
            yield drive(
                lambda payload: invoke(system, "Redrive", payload),
                queue,
                lambda count, task=task: progress.advance(task, count),  # type: ignore[misc]
                dry_run=dry_run,
            )


def _lying(system: System) -> dict[str, int]:
    """About how many letters each queue holds."""
    return {
        name: depth.waiting
        for depth in depths(system)
        if depth.dead_letters
        for name in QUEUES
        if name in depth.name
    }


def drive(
    ask: Callable[[Told], Told],
    queue: str,
    advance: Callable[[int], None] = lambda _count: None,
    *,
    dry_run: bool,
) -> Told:
    """All slices of one queue as one answer: each letter once, whatever comes back meanwhile."""
    payload: Told = {"queue": queue, "dry_run": dry_run}
    total: Told = {"queue": queue, "received": 0, "dry_run": dry_run}
    total |= {name: [] for name in _LISTS}
    while True:
        told = ask(payload)
        advance(told["received"])
        total["received"] += told["received"]
        for name in _LISTS:
            total[name] += told[name]
        if not told["more"] or not told["received"]:
            return total
        left = [each["letter"] for each in total["failed"]]
        payload |= {"began": told["began"], "left": left}


def show(told: Told) -> None:
    would = "would be " if told["dry_run"] else ""
    if not told["received"]:
        screen.out.print(f"{told['queue']}: no letters")
        return
    screen.out.print(f"{told['queue']}: {told['received']} letters")
    for what, names in (
        (f"{would}sent again", told["resent"]),
        ("settled already", told["settled"]),
        ("searched for by time, the stream forgot them", list(map(_span, told["by_time"]))),
        ("left", [f"{each['letter']}: {each['why']}" for each in told["failed"]]),
    ):
        _show_list(what, names)


def _show_list(what: str, names: list[str]) -> None:
    if not names:
        return
    screen.out.print(f"  {len(names)} {what}:")
    for name in names[:_SHOWN_MAX]:
        screen.line(f"    {name}")
    if len(names) > _SHOWN_MAX:
        screen.out.print(f"    ... and {len(names) - _SHOWN_MAX} more: --json lists them")


def _span(searched: dict[str, str]) -> str:
    return f"{searched['since']} to {searched['until']}"
