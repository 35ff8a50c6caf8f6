"""`account`: open and close accounts, change their terms, and show who changed what and why."""

from typing import Annotated, Any

import typer

from adapters.reference import CURRENT, account_key
from cli import screen
from cli.amounts import money
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.scanning import get_many, query
from cli.settle import By
from cli.system import System
from domain import chart
from domain.currency import UnknownCurrency
from domain.money import Money

type Row = dict[str, Any]

Account = Annotated[str, typer.Argument(help="The account's id: A-1001.")]
Note = Annotated[str, typer.Option(help="Why; kept with the change.")]
Limit = Annotated[str, typer.Argument(help="How far it may go below zero: 500.00.")]
_TERMS = ("status", "overdraft_limit", "product", "currency", "holder")

app = typer.Typer(no_args_is_help=True, help="Open, close, change and show accounts.")


@app.command("open")
def open_account(
    context: typer.Context,
    account: Account,
    note: Note,
    currency: Annotated[str, typer.Option(help="ISO 4217: EUR.")],
    product: Annotated[str, typer.Option(help="A product of the reference data: CLASSIC.")],
    limit: Annotated[str, typer.Option(help="Overdraft limit: 500.00.")] = "0",
    status: Annotated[str, typer.Option(help="OPEN, HOLD_DEBIT or HOLD_ALL.")] = "OPEN",
    holder: Annotated[str | None, typer.Option(help="Name of the holder.")] = None,
    iban: Annotated[str | None, typer.Option(help="Its IBAN.")] = None,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Open an account with nothing on it; opening money comes with 'reference load'."""
    terms = {
        "currency": currency,
        "product": product,
        "overdraft_limit": minor(limit, currency),
        "status": status,
        "holder": holder,
        "iban": iban,
    }
    _order(connect(context), "open", account, note, by, dry_run, as_json, terms)


@app.command("close")
def close(
    context: typer.Context,
    account: Account,
    note: Note,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Close an account; refused while money is posted or held on it."""
    _order(connect(context), "close", account, note, by, dry_run, as_json, {})


@app.command("status")
def status(
    context: typer.Context,
    account: Account,
    new: Annotated[str, typer.Argument(metavar="STATUS", help="OPEN, HOLD_DEBIT or HOLD_ALL.")],
    note: Note,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Block an account or open it again: the next booking knows it."""
    _order(connect(context), "status", account, note, by, dry_run, as_json, {"status": new.upper()})


@app.command("limit")
def limit(
    context: typer.Context,
    account: Account,
    new: Limit,
    note: Note,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change the overdraft limit, and with it what is available."""
    system = connect(context)
    wanted = minor(new, str(_standing(system, account)["currency"]))
    terms = {"overdraft_limit": wanted}
    _order(system, "limit", account, note, by, dry_run, as_json, terms)


@app.command("show")
def show(context: typer.Context, account: Account, as_json: Json = False) -> None:
    """An account's terms, balance and history, newest change first."""
    system = connect(context)
    found = _standing(system, account)
    history = history_of(system, account)
    balance = _balance(system, account, str(found["currency"]))
    if as_json:
        screen.show_json({"account": found, "balance": balance, "history": history})
        return
    currency = found["currency"]
    screen.out.print(f"[bold]{account}[/]  " + "  ".join(_terms_of(found)))
    if balance:
        posted = balance["posted_c"] - balance["posted_d"]
        facts = [("posted", posted), ("held", balance["held"]), ("available", balance["available"])]
        told = ", ".join(f"{name} {money(minor, currency)}" for name, minor in facts)
        screen.line(f"  {told}, status {balance['status']}")
    rows = [line_of(change) for change in history]
    columns = (">version", "!when", "what", "by", "why")
    screen.out.print(screen.table("History", columns, rows))


def history_of(system: System, account: str) -> list[Row]:
    """The versions of the account, newest first; `changed` says by whom and why, if it was an
    order.
    """
    versions = query(
        system.client("dynamodb"),
        system.table("Reference"),
        None,
        "pk = :account AND begins_with(sk, :version)",
        {":account": account_key(account), ":version": "V#"},
    )
    return sorted(versions, key=lambda row: int(row["version"]), reverse=True)


def line_of(version: Row) -> tuple[object, ...]:
    """One row of the history: what changed, or that the reference data were loaded."""
    change = version.get("changed")
    if change is None:
        return version["version"], "", f"loaded: {', '.join(_terms_of(version))}", "", ""
    before = change.get("before") or {}
    moved = [
        f"{name} {before.get(name, '-')} -> {version[name]}"
        for name in _TERMS
        if version.get(name) != before.get(name)
    ]
    what = f"{change['action']}: {', '.join(moved)}"
    return version["version"], change["at"], what, change["by"], change["note"]


def minor(text: str, currency: str) -> int:
    """Major units as a person writes them. Raises UserError."""
    try:
        return Money.from_decimal_string(text, currency).amount
    except (ValueError, UnknownCurrency) as error:
        raise UserError(f"{text} {currency}: {error}") from None


def _order(
    system: System,
    action: str,
    account: str,
    note: str,
    by: str | None,
    dry_run: bool,
    as_json: bool,
    terms: Row,
) -> None:
    order = {"action": action, "account_id": account, "note": note, "dry_run": dry_run}
    told = invoke(system, "Account", order | terms | {"by": by or caller(system)})
    if as_json:
        screen.show_json(told)
    elif told["result"] == "REFUSED":
        screen.complain(f"{told['message']} ({told['code']})")
    else:
        before = ", ".join(_terms_of(told["before"] or {})) or "nothing"
        screen.line(
            f"{told['result']} {account}: {before} -> {', '.join(_terms_of(told['after']))}"
        )
    if told["result"] == "REFUSED":
        raise typer.Exit(1)


def _terms_of(row: Row) -> list[str]:
    return [f"{name} {row[name]}" for name in _TERMS if row.get(name) is not None]


def _standing(system: System, account: str) -> Row:
    keys = [{"pk": account_key(account), "sk": CURRENT}]
    table = system.table("Reference")
    found = get_many(system.client("dynamodb"), table, keys, lambda row: str(row["pk"]))
    if not found:
        raise UserError(f"there is no account {account}")
    return found[account_key(account)]


def _balance(system: System, account: str, currency: str) -> Row | None:
    key = f"B#{chart.customer(account)}#{currency}"
    table = system.table("Balances")
    rows = get_many(system.client("dynamodb"), table, [{"pk": key}], lambda row: str(row["pk"]))
    return rows.get(key)
