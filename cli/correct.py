"""`correct`: a wrong booking gets its mirror and the right one; nothing is edited."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from adapters.journal import JournalTable
from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.legs_view import show_correction
from cli.scanning import scan
from cli.settle import By
from cli.system import System
from domain.acceptance import ACCEPTED
from domain.correcting import chain_of, in_force
from domain.money import Money
from domain.posting import Posting


def correct(
    context: typer.Context,
    header: Annotated[str | None, typer.Argument(help="The wrong header (J#...).")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PART=AMOUNT",
            help="What is right: PRINCIPAL=46.00. Zero leaves the part out; may be repeated.",
        ),
    ] = None,
    void: Annotated[bool, typer.Option("--void", help="Nothing of it is right.")] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Agree to what another person asked for.")
    ] = False,
    waiting: Annotated[
        bool,
        typer.Option(
            "--waiting",
            help="List the orders, those of disputes and excesses too, that nobody has approved.",
        ),
    ] = False,
    by: By = None,
    note: Annotated[str, typer.Option(help="Why; kept with the order.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Correct a booking: its mirror and the right one become one sequence, HEADER#CORRECT.

    Once for each header; a wrong correction is corrected in its turn. Above the cap of the rule set
    the order waits until another person repeats the command with --approve.
    """
    if waiting:
        _show_waiting(waiting_orders(connect(context)), as_json=as_json)
        return
    if header is None or sum((bool(changes), void, approve)) != 1:
        raise UserError(
            "name a header, and say what is right: one of --set PART=AMOUNT, --void or --approve"
        )
    system = connect(context)
    amounts = dict(amounts_of(changes, parts_of(system, header))) if changes else {}
    order: dict[str, Any] = {
        "header_id": header,
        "change": {"void": void, "amounts": amounts},
        "approve": approve,
        "by": by or caller(system),
        "note": note,
        "dry_run": dry_run,
    }
    told = invoke(system, "Correct", order)
    if as_json:
        screen.show_json(told)
    else:
        show_correction(told)
    if told["result"] == "REFUSED":
        raise typer.Exit(1)


def waiting_orders(system: System) -> list[dict[str, Any]]:
    """Orders to correct, of a dispute, or to accept an excess, whose header does not exist, oldest
    first; reads the whole Journal.
    """
    rows = scan(
        system.client("dynamodb"),
        system.table("Journal"),
        only=(
            "begins_with(pk, :order) OR"
            " (sk = :header AND (purpose = :correct OR purpose = :accepted"
            " OR begins_with(purpose, :dispute)))"
        ),
        values={
            ":order": "ORDER#",
            ":header": "H",
            ":correct": "CORRECT",
            ":accepted": ACCEPTED,
            ":dispute": "DISPUTE_",
        },
    )
    booked = {row["pk"] for row in rows if row["sk"] == "H"}
    orders = [row for row in rows if row["sk"] != "H" and not row["sk"].endswith("#APPROVED")]
    return sorted((row for row in orders if row["slot"] not in booked), key=lambda row: row["at"])


def _show_waiting(orders: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        screen.show_json(orders)
        return
    if not orders:
        screen.out.print("No order waits for a second person.")
        return
    rows = [(row["slot"], row["at"], row["by"], row["note"], row["change"]) for row in orders]
    columns = ("!would become", "!asked at", "by", "why", "change")
    screen.out.print(screen.table("Orders that wait for a second person", columns, rows))
    screen.out.print(
        "'./posting correct HEADER --approve' agrees, './posting settle FILE --approve' to a"
        " settlement's repairs; HEADER is the name without its last #CORRECT. To a dispute, or"
        " an accepted excess, agrees './posting dispute' or './posting excess', given as it was,"
        " with --approve."
    )


def parts_of(system: System, header_id: str) -> Sequence[Posting]:
    """What holds of a header. Raises UserError when there is none."""
    chain = chain_of(header_id)
    journal = JournalTable(system.client("dynamodb"), system.table("Journal"))
    found = journal.get_many(chain)
    if header_id not in found:
        raise UserError(f"there is no header {header_id}: './posting explain ID' names those of ID")
    return in_force([found[each] for each in chain])


def amounts_of(changes: list[str], parts: Sequence[Posting]) -> Iterator[tuple[str, int]]:
    """Part and minor units of each PART=AMOUNT. Raises UserError."""
    currencies = {posting.code: posting.amount.currency for posting in parts}
    for change in changes:
        code, _, text = change.partition("=")
        if code not in currencies:
            raise UserError(f"--set {change}: there is no part {code}; use {', '.join(currencies)}")
        try:
            yield code, Money.from_decimal_string(text, currencies[code]).amount
        except ValueError as error:
            raise UserError(f"--set {change}: {error}") from None
