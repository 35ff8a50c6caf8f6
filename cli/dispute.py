"""`dispute`: what a customer contests is credited, and won or lost later."""

from typing import Annotated, Any

import typer

from adapters.journal import JournalTable
from adapters.payment_ids import payment_of
from adapters.payments import PaymentTable
from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.legs_view import show_correction
from cli.settle import By
from cli.system import System
from domain.currency import UnknownCurrency
from domain.money import Money

Payment = Annotated[
    str,
    typer.Argument(metavar="PAYMENT", help="pay_..., a message msg_... or a header J#... of it."),
]
Amount = Annotated[str, typer.Argument(help="In the account's currency: 45.00.")]
Currency = Annotated[str | None, typer.Argument(help="Must be the account's, if it is given.")]
Reason = Annotated[str, typer.Option(help="The scheme's reason code: 10.4, 4837.")]
Case = Annotated[
    str, typer.Option(help="A name, where two disputes of a payment have the same amount.")
]
Note = Annotated[str, typer.Option(help="Why; kept with the order.")]
Approve = Annotated[
    bool, typer.Option("--approve", help="Agree to this order, which another person gave.")
]

app = typer.Typer(no_args_is_help=True, help="Open and decide disputes of card payments.")


@app.command("open")
def open_dispute(
    context: typer.Context,
    payment: Payment,
    amount: Amount,
    reason: Reason,
    currency: Currency = None,
    case: Case = "",
    note: Note = "",
    approve: Approve = False,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Credit the customer provisionally, and claim the money from the scheme.

    The same order again is told as done. No more is disputed than was cleared and not given back.
    """
    order = {"action": "open", "reason": reason, "case": case}
    person = {"by": by, "note": note, "approve": approve, "dry_run": dry_run}
    give(context, payment, amount, currency, order, person, as_json=as_json)


@app.command("win")
def win(
    context: typer.Context,
    payment: Payment,
    amount: Amount,
    reason: Reason,
    currency: Currency = None,
    settled: Annotated[
        str | None,
        typer.Option(
            metavar="'AMOUNT CURRENCY'",
            help="What the scheme pays, where it settles the purchase in another currency.",
        ),
    ] = None,
    case: Case = "",
    note: Note = "",
    approve: Approve = False,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The scheme gives the money back, all of it or a part: the customer keeps the credit."""
    order: dict[str, Any] = {"action": "win", "reason": reason, "case": case}
    if settled is not None:
        text, _, settled_in = settled.partition(" ")
        order["settled"] = _values(_money(text, settled_in.strip().upper(), "--settled"))
    person = {"by": by, "note": note, "approve": approve, "dry_run": dry_run}
    give(context, payment, amount, currency, order, person, as_json=as_json)


@app.command("lose")
def lose(
    context: typer.Context,
    payment: Payment,
    amount: Amount,
    reason: Reason,
    currency: Currency = None,
    write_off: Annotated[
        bool, typer.Option("--write-off", help="We bear it, and the customer keeps the credit.")
    ] = False,
    case: Case = "",
    note: Note = "",
    approve: Approve = False,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The purchase stands: the credit is taken back, all of it or a part."""
    order = {"action": "lose", "reason": reason, "case": case, "write_off": write_off}
    person = {"by": by, "note": note, "approve": approve, "dry_run": dry_run}
    give(context, payment, amount, currency, order, person, as_json=as_json)


def give(
    context: typer.Context,
    payment: str,
    amount: str,
    currency: str | None,
    order: dict[str, Any],
    person: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Order it for the person, and tell what became of it."""
    system = connect(context)
    billed = currency.upper() if currency else currency_of(system, payment)
    given = order | _values(_money(amount, billed, "AMOUNT")) | {"id": payment}
    told = invoke(system, "Dispute", given | person | {"by": person["by"] or caller(system)})
    if as_json:
        screen.show_json(told)
    else:
        show(told)
    if told["result"] == "REFUSED":
        raise typer.Exit(1)


def show(told: dict[str, Any]) -> None:
    """An order that was refused, waits, is done or would be."""
    show_correction(told)
    state = told.get("payment")
    if state:
        screen.line(f"  payment {state['payment_id']} {state['label']}")
    if told.get("already"):
        decided = told.get("decided") or {}
        screen.line(f"  ordered by {decided.get('by')} at {decided.get('at')}")


def currency_of(system: System, payment: str) -> str:
    """Of the payment's account. Raises UserError where nothing is known by this id."""
    client = system.client("dynamodb")
    journal = JournalTable(client, system.table("Journal"))
    life = payment_of(journal, PaymentTable(client, system.table("Payments")), payment)
    if life is None:
        raise UserError(f"{payment} leads to no card payment: './posting explain ID' names it")
    return life.payment.currency


def _money(text: str, currency: str, field: str) -> Money:
    """More than nothing, in major units as a person writes them. Raises UserError."""
    try:
        money = Money.from_decimal_string(text, currency)
    except (ValueError, UnknownCurrency) as error:
        raise UserError(f"{field} {text} {currency}: {error}") from None
    if money.amount <= 0:
        raise UserError(f"{field} {text}: say an amount above zero")
    return money


def _values(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}
