"""`trial-balance`: the balances of all accounts on the screen."""

from collections.abc import Iterable
from typing import Annotated

import typer

from cli import pending_layer, screen
from cli.amounts import amount
from cli.connection import Json, connect
from cli.trial_balance import read
from domain.trial_balance import TrialBalance, trial_balance_body


def trial_balance(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="List every customer account.")] = False,
    as_json: Json = False,
) -> None:
    """Debits and credits of every account; exits 1 unless every currency nets to zero.

    Reads the whole Balances table. Internal accounts are folded a moment after a booking: what is
    still to be folded is shown, and counted in. Holds are a layer of their own.
    """
    system = connect(context)
    found, pending = read(system), pending_layer.read(system)
    if as_json:
        held = {"pending_layer": pending_layer.as_values(pending)}
        screen.show_json(trial_balance_body(found) | held)
    else:
        show(found, every=every)
        pending_layer.show(pending)
    if not (found.is_zero and pending.is_zero):
        raise typer.Exit(1)


def show_sums(found: TrialBalance) -> None:
    """One line a currency, for the end of a run."""
    rows = []
    for currency in found.currencies:
        debit, credit = found.sums(currency)
        style = screen.GOOD if debit == credit else screen.BAD
        net_of_all = screen.mark(amount(credit - debit, currency), style)
        rows.append((currency, amount(debit, currency), amount(credit, currency), net_of_all))
    columns = ("currency", ">debit", ">credit", ">credit - debit")
    screen.out.print(screen.table("Trial balance", columns, rows))
    screen.out.print(_verdict(found))


def show(found: TrialBalance, *, every: bool = False) -> None:
    if not found.lines:
        screen.out.print("The ledger has no accounts yet: './posting reference load' makes them.")
        return
    rows = [row for currency in found.currencies for row in _rows(found, currency, every=every)]
    columns = ("account", ">debit", ">credit", ">credit - debit")
    screen.out.print(screen.table("Trial balance", columns, rows))
    screen.out.print(_verdict(found))


def _rows(found: TrialBalance, currency: str, *, every: bool) -> Iterable[tuple[object, ...]]:
    yield (screen.mark(currency, "bold"), "", "", "")
    lines = [line for line in found.lines if line.currency == currency]
    customers = [line for line in lines if line.kind == "customer"]
    for line in lines if every else [line for line in lines if line.kind != "customer"]:
        yield _row(line.account, currency, line.debit, line.credit)
    if customers and not every:
        debit, credit = (
            sum(each.debit for each in customers),
            sum(each.credit for each in customers),
        )
        yield _row(f"{len(customers)} customer accounts", currency, debit, credit)
    if currency in found.pending:
        debit, credit = found.pending[currency]
        yield _row("not folded yet", currency, debit, credit)
    debit, credit = found.sums(currency)
    style = screen.GOOD if debit == credit else screen.BAD
    *cells, net_of_all = _row("sum", currency, debit, credit)
    yield (*(screen.mark(cell, "bold") for cell in cells), screen.mark(net_of_all, f"bold {style}"))
    yield ("",) * 4


def _row(name: str, currency: str, debit: int, credit: int) -> tuple[str, ...]:
    return (
        f"  {name}",
        amount(debit, currency),
        amount(credit, currency),
        amount(credit - debit, currency),
    )


def _verdict(found: TrialBalance) -> str:
    lag = f"{found.unfolded} headers not folded yet" if found.unfolded else "nothing left to fold"
    if found.is_zero:
        return f"[{screen.GOOD}]Zero in every currency[/] ({', '.join(found.currencies)}); {lag}."
    wrong = [
        f"{currency} {amount(found.difference(currency), currency)}"
        for currency in found.currencies
        if found.difference(currency)
    ]
    return (
        f"[{screen.BAD}]Not zero[/]: debits exceed credits by {', '.join(wrong)}; {lag}."
        "\n'./posting audit' names what is wrong."
    )
