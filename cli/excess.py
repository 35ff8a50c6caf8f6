"""`excess`: what payments cleared beyond authorisation and tolerance, and who found it right."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from adapters.journal import JournalTable
from adapters.payments import life_of_row
from cli import screen
from cli.amounts import money
from cli.connection import DryRun, Json, connect
from cli.dispute import Amount, Approve, Currency, Note, Payment, give
from cli.scanning import scan
from cli.settle import By
from cli.system import System
from domain.header import StoredHeader
from domain.life import ACCEPT, Life
from domain.over_clearing import OVER_TOLERANCE

type Row = dict[str, Any]

Case = Annotated[
    str, typer.Option(help="A name, where two excesses of a payment have the same amount.")
]

app = typer.Typer(
    no_args_is_help=True, help="Payments that cleared more than was authorised and is tolerated."
)


@app.command("list")
def listing(context: typer.Context, as_json: Json = False) -> None:
    """List what is left of them, and what was accepted by whom, when and why.

    Reads the whole table of payments.
    """
    rows = excesses(connect(context))
    if as_json:
        screen.show_json(rows)
    else:
        show(rows)


@app.command("accept")
def accept(
    context: typer.Context,
    payment: Payment,
    amount: Amount,
    currency: Currency = None,
    case: Case = "",
    note: Note = "",
    approve: Approve = False,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say that what was cleared beyond the authorisation is right: it is no break any more.

    No money moves. The same order again is told as done. It can still be disputed or refunded.
    """
    order = {"action": "accept", "case": case}
    person = {"by": by, "note": note, "approve": approve, "dry_run": dry_run}
    give(context, payment, amount, currency, order, person, as_json=as_json)


def excesses(system: System) -> list[Row]:
    """Of all payments: those with something left first, then by their ids."""
    client = system.client("dynamodb")
    rows = scan(
        client,
        system.table("Payments"),
        only="begins_with(pk, :payment) AND cleared > :nothing",
        values={":payment": "P#", ":nothing": 0},
    )
    lives = [life_of_row(row) for row in rows]
    above = [each for each in lives if each.payment.over_cleared or each.payment.accepted]
    names = sorted({taken.header_id for life in above for taken in life.taken})
    headers = JournalTable(client, system.table("Journal")).get_many(names)
    return excesses_of(above, headers)


def excesses_of(lives: Iterable[Life], headers: Mapping[str, StoredHeader]) -> list[Row]:
    """A row for each payment that a booking has taken beyond what is tolerated."""
    found = [_row(life, headers) for life in lives if _is_flagged(life, headers)]
    return sorted(found, key=lambda row: (not row["left"], row["payment_id"]))


def _is_flagged(life: Life, headers: Mapping[str, StoredHeader]) -> bool:
    booked = (headers[each.header_id] for each in life.taken if each.header_id in headers)
    return any(OVER_TOLERANCE in header.posted.flags for header in booked)


def _row(life: Life, headers: Mapping[str, StoredHeader]) -> Row:
    payment = life.payment
    accepted = [headers[each.header_id] for each in life.taken if each.kind == ACCEPT]
    return {
        "payment_id": payment.payment_id,
        "account": payment.account,
        "currency": payment.currency,
        "cleared": payment.cleared,
        "left": payment.excess,
        "accepted": payment.accepted,
        "acceptances": [
            {"header_id": each.posted.header_id, **(each.decided or {})} for each in accepted
        ],
    }


def show(rows: list[Row]) -> None:
    if not rows:
        screen.out.print("No payment cleared more than is tolerated.")
        return
    cells = [
        (
            row["payment_id"],
            row["account"],
            money(row["cleared"], row["currency"]),
            money(row["left"], row["currency"]) if row["left"] else "",
            money(row["accepted"], row["currency"]) if row["accepted"] else "",
        )
        for row in rows
    ]
    columns = ("!payment", "account", ">cleared", ">too much", ">accepted")
    screen.out.print(screen.table("Cleared beyond what is tolerated", columns, cells))
    for row in rows:
        for each in row["acceptances"]:
            second = f" and {each['approved_by']}" if "approved_by" in each else ""
            screen.line(
                f"  {row['payment_id']} accepted by {each['by']}{second} at {each['at']}:"
                f" {each.get('note', '')}"
            )
    screen.out.print("'./posting excess accept PAYMENT AMOUNT --note WHY' accepts one.")
