"""What became of a batch: outcomes with amounts, and how fast."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from cli import screen
from cli.amounts import moneys
from cli.latency import stage_latencies
from cli.outcomes import ANSWERED, POSTED, SUSPENDED, WAITING, Outcome
from cli.watch import Watch

_ORDER = (
    *(POSTED, SUSPENDED, ANSWERED, WAITING),
    *("REJECTED", "DUPLICATE", "CONFLICT", "INVALID", "FAILED"),
)
_STYLES = {POSTED: screen.GOOD, WAITING: "yellow", "FAILED": screen.BAD}


class Line(NamedTuple):
    """`amounts` in minor units by currency, of the messages that state one."""

    kind: str
    why: str
    messages: int
    amounts: dict[str, int]


def by_outcome(outcomes: Iterable[Outcome]) -> list[Line]:
    """One line for each outcome and reason, booked ones first."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    amounts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome in outcomes:
        key = (outcome.kind, outcome.why)
        counts[key] += 1
        if outcome.amount is not None:
            amounts[key][outcome.amount.currency] += outcome.amount.amount
    return [
        Line(kind, why, counts[kind, why], dict(amounts[kind, why]))
        for kind, why in sorted(counts, key=lambda key: (_place(key[0]), key))
    ]


def show_outcomes(outcomes: Iterable[Outcome]) -> None:
    lines = by_outcome(outcomes)
    rows = [
        (
            screen.mark(line.kind, _STYLES.get(line.kind, ""))
            if line.kind in _STYLES
            else line.kind,
            line.why,
            line.messages,
            moneys(line.amounts),
        )
        for line in lines
    ]
    rows.append(("total", "", sum(line.messages for line in lines), ""))
    screen.out.print(
        screen.table("Outcomes", ("outcome", "kind or reason", ">messages", "amounts"), rows)
    )


def show_latencies(outcomes: Iterable[Outcome]) -> None:
    rows = [
        (stage, f"{p50:.2f} s", f"{p95:.2f} s", count)
        for stage, (p50, p95, count) in stage_latencies(outcomes).items()
    ]
    if rows:
        columns = ("stage", ">half within", ">95 % within", ">messages")
        screen.out.print(screen.table("How fast", columns, rows))


def as_values(watch: Watch, watched: bool) -> dict[str, Any]:
    """For --json; nothing when nobody waited for outcomes."""
    if not watched:
        return {}
    outcomes = watch.with_claims()
    return {
        "outcomes": [line._asdict() for line in by_outcome(outcomes)],
        "in_flight": sorted(watch.open),
        "latencies": {
            stage: {"p50_s": p50, "p95_s": p95, "messages": count}
            for stage, (p50, p95, count) in stage_latencies(outcomes).items()
        },
    }


def _place(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
