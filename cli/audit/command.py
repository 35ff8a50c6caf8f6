"""`audit`: read everything, check every invariant, name what breaks one."""

import time
from typing import Annotated, Any

import typer

from cli import screen
from cli.amounts import moneys
from cli.audit.finding import Break
from cli.audit.invariants import INVARIANTS, check
from cli.audit.reading import Books, read
from cli.audit.trail import Trail
from cli.connection import Json, connect
from cli.system import System

_PAUSE_SECONDS = 3.0
# Firehose gathers for a minute before it writes.
_PATIENCE_SECONDS = 100.0
_SHOWN_MAX = 10

type Found = dict[int, list[Break]]


def audit(
    context: typer.Context,
    patience: Annotated[
        float,
        typer.Option(help="Seconds to wait for what is late while nothing moves."),
    ] = _PATIENCE_SECONDS,
    every: Annotated[bool, typer.Option("--all", help="List every offending id.")] = False,
    as_json: Json = False,
) -> None:
    """Check the ledger's invariants on the live system; exits 1 and names what breaks one.

    Reads all tables but the vault, and the whole audit trail. What is only late is waited for.
    """
    books, found = look(connect(context), patience)
    if as_json:
        screen.show_json(as_values(books, found))
    else:
        show(books, found, every=every)
    if any(found.values()):
        raise typer.Exit(1)


def look(system: System, patience: float) -> tuple[Books, Found]:
    """The books, and what breaks them once nothing is late any more, or `patience` ran out.

    A break that is not lateness counts only in books that stood still between two readings.
    """
    trail = Trail(system)
    with screen.notes.status("reading the tables and the audit trail") as status:
        books = read(system, trail)
        found, moved_at = check(books), time.monotonic()
        while any(found.values()):
            late = sum(1 for breaks in found.values() for each in breaks if each.heals)
            status.update(f"waiting for {late} things that are late" if late else "reading again")
            time.sleep(_PAUSE_SECONDS)
            size, books = _size(books), read(system, trail)
            found = check(books)
            if _size(books) != size:
                moved_at = time.monotonic()
            elif not late or time.monotonic() - moved_at > patience:
                break
    return books, found


def _size(books: Books) -> tuple[int, ...]:
    return (
        len(books.inbox),
        len(books.parked),
        len(books.headers),
        len(books.markers),
        len(books.announced),
    )


def show(books: Books, found: Found, *, every: bool = False) -> None:
    screen.out.print(
        f"Looked at {len(books.inbox)} records, {len(books.parked)} parked rows,"
        f" {len(books.headers)} bookings ({moneys(debited(books))}), {len(books.lines)} statement"
        f" lines, {len(books.balances)} balances, {len(books.announced)} announcements."
    )
    if books.accepted:
        screen.out.print(
            f"{len(books.accepted)} times somebody has accepted what was cleared beyond tolerance:"
            " './posting excess list'."
        )
    rows = [
        (
            number,
            sentence,
            screen.mark("broken", screen.BAD)
            if found[number]
            else screen.mark("holds", screen.GOOD),
            len(found[number]) or "",
        )
        for number, (sentence, _) in INVARIANTS.items()
    ]
    screen.out.print(screen.table("", (">no", "invariant", "", ">breaks"), rows))
    for number, breaks in found.items():
        for each in breaks if every else breaks[:_SHOWN_MAX]:
            late = " (may be late only)" if each.heals else ""
            screen.out.print(f"  {number}  {each.id}: {each.what}{late}", markup=False)
        if not every and len(breaks) > _SHOWN_MAX:
            screen.out.print(
                f"  {number}  ... and {len(breaks) - _SHOWN_MAX} more: --all lists them"
            )
    remedy = remedy_of(found)
    if remedy:
        screen.out.print(f"\nNext: {remedy}")


def remedy_of(found: Found) -> str:
    """What to try for breaks that time could have mended; others need a person."""
    remedies = {
        3: "'./posting sweep' sends records without an outcome again",
        5: "'./posting rebuild-balances' folds what was not folded",
        13: "'./posting republish' announces again what the trail misses",
    }
    return "; ".join(
        remedy
        for number, remedy in remedies.items()
        if any(each.heals for each in found.get(number, []))
    )


def debited(books: Books) -> dict[str, int]:
    """What was booked in all, by currency: the sum of the debits, in minor units."""
    totals: dict[str, int] = {}
    for header in books.headers.values():
        for currency, total in header["totals"].items():
            totals[currency] = totals.get(currency, 0) + total
    return totals


def as_values(books: Books, found: Found) -> dict[str, Any]:
    return {
        "read_at": books.at.isoformat(timespec="seconds"),
        "holds": not any(found.values()),
        "looked_at": {
            "records": len(books.inbox),
            "parked": len(books.parked),
            "headers": len(books.headers),
            "statement_lines": len(books.lines),
            "balances": len(books.balances),
            "announcements": len(books.announced),
            "accepted_excesses": len(books.accepted),
            "debited": debited(books),
        },
        "invariants": [
            {
                "number": number,
                "says": sentence,
                "breaks": [
                    {"id": each.id, "what": each.what, "may_heal": each.heals}
                    for each in found[number]
                ],
            }
            for number, (sentence, _) in INVARIANTS.items()
        ],
    }
