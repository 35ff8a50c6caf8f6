"""A reconciliation's report on the screen."""

from collections.abc import Iterable

from cli import screen
from cli.amounts import amount
from cli.reports import Stored
from domain.reconciliation import Comparison
from domain.reconciliation_report import TITLES, Report, remedy_of, rows_of


def show(report: Stored) -> None:
    """Totals by currency, then what was repaired, then what remains."""
    made = report.made
    screen.out.print(
        f"{made.run.since:%Y-%m-%d %H:%M} to {made.run.until:%Y-%m-%d %H:%M} UTC, run"
        f" {made.run.run_id}"
    )
    for name, comparison in made.remaining.items():
        if comparison.pages:
            _show_totals(TITLES[name], comparison)
    for repair, done in made.repairs.items():
        screen.out.print(f"{repair}: asked for {done.asked}, mended {done.mended}")
    if not made.run.repair:
        _show_breaks(made.found.values())
    else:
        _show_breaks(made.remaining.values())
    screen.out.print(_verdict(made))


def show_runs(reports: Iterable[Stored]) -> None:
    rows = [
        (
            each.made.run.run_id,
            f"{each.made.run.since:%Y-%m-%d %H:%M}",
            f"{each.made.run.until:%Y-%m-%d %H:%M}",
            "repaired" if each.made.run.repair else "dry run",
            each.made.breaks_found,
            each.made.breaks_remaining,
        )
        for each in reports
    ]
    columns = ("!run", "!since", "!until", "", ">breaks found", ">remaining")
    screen.out.print(screen.table("", columns, rows))


def _show_totals(title: str, comparison: Comparison) -> None:
    rows = [
        (side, currency, total.count, amount(total.amount, currency))
        for side, currency, total in rows_of(comparison.totals)
    ]
    columns = ("side", "currency", ">count", ">amount")
    screen.out.print(screen.table(f"{title}: {comparison.breaks} breaks", columns, rows))
    for what, count in sorted(comparison.notes.items()):
        screen.out.print(f"{what}: {count}")


def _show_breaks(comparisons: Iterable[Comparison]) -> None:
    for comparison in comparisons:
        for each in comparison.shown:
            screen.line(f"  {each.kind}  {each.id}: {each.what}")
            screen.line(f"    {remedy_of(each)}")
        if comparison.breaks > len(comparison.shown):
            screen.out.print(f"  ... all {comparison.breaks}: {', '.join(comparison.lists)}")


def _verdict(made: Report) -> str:
    if not made.breaks_remaining:
        repaired = f", {made.breaks_found} breaks mended" if made.breaks_found else ""
        return screen.mark(f"In agreement{repaired}.", screen.GOOD)
    text = f"{made.breaks_remaining} breaks remain of {made.breaks_found}."
    repairable = sum(each.repairable for each in made.remaining.values())
    if repairable and not made.run.repair:
        text += f" './posting reconcile --repair' may mend {repairable} of them."
    return screen.mark(text, screen.BAD)
