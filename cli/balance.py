"""`balance`: one account now, with its latest statement lines, or as it was at some instant."""

from datetime import UTC, datetime, time
from typing import Annotated, Any

import msgspec
import typer

from adapters.balances import balance_key
from adapters.statement_lines import LineBook
from cli import screen
from cli.amounts import amount, money
from cli.connection import Json, connect
from cli.errors import UserError
from cli.scanning import get_many, scan
from cli.statement import holder_of, statements_of
from cli.system import System
from domain import chart
from domain.statement import BalanceAt, Line

Row = dict[str, Any]


def balance(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="A-1001, cust:A-1001, or settle:VISA:EUR.")],
    currency: Annotated[str | None, typer.Argument(help="All currencies when left out.")] = None,
    lines: Annotated[int, typer.Option(help="How many statement lines to show.")] = 10,
    at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="As it was then: 2026-11-20T12:00:00Z, or a day."),
    ] = None,
    as_json: Json = False,
) -> None:
    """The balance of an account, and the latest lines of a customer's statement.

    With --at: what was posted up to that instant; a day stands for its end, in UTC. Held and
    available money are of the present only.
    """
    moment = _moment(at) if at is not None else None
    system = connect(context)
    if moment is not None:
        _show_past(_past(system, account.removeprefix("cust:"), currency, moment), as_json=as_json)
        return
    rows = _rows(system, account, currency)
    if not rows:
        raise UserError(
            f"no balance row for {account} {currency or ''}".rstrip()
            + ": './posting trial-balance --all' lists all accounts"
        )
    statements = {row["pk"]: _statement(system, row, lines) for row in rows}
    if as_json:
        told = [row | {"statement": msgspec.to_builtins(statements[row["pk"]])} for row in rows]
        screen.show_json(told)
        return
    for row in rows:
        _show(row, statements[row["pk"]])


def _moment(text: str) -> datetime:
    """Raises UserError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--at {text}: write 2026-11-20T12:00:00Z, or a day") from None
    if "T" not in text:
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _past(system: System, account_id: str, currency: str | None, moment: datetime) -> BalanceAt:
    read = statements_of(system)
    wanted = (currency or holder_of(read, account_id)["currency"]).upper()
    found = read.balance_at(chart.customer(account_id), wanted, moment)
    if found is None:
        raise UserError(f"customer account {account_id} has no balance in {wanted}")
    return found


def _show_past(found: BalanceAt, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(msgspec.structs.asdict(found))
        return
    screen.out.print(f"[bold]{found.account}[/]  {money(found.posted, found.currency)}")
    screen.out.print(f"  at {found.at}, after {found.posting_no} postings")


def _rows(system: System, account: str, currency: str | None) -> list[Row]:
    """The account under the name given, or as a customer of that name.

    Without a currency the whole table is read: the key holds both.
    """
    client, table = system.client("dynamodb"), system.table("Balances")
    names = (account, chart.customer(account))
    if currency is None:
        found = scan(
            client,
            table,
            only="begins_with(pk, :b) AND account IN (:plain, :customer)",
            values={":b": "B#", ":plain": names[0], ":customer": names[1]},
        )
    else:
        keys = [{"pk": balance_key(name, currency.upper())} for name in names]
        found = list(get_many(client, table, keys, lambda row: str(row["pk"])).values())
    return sorted(found, key=lambda row: str(row["pk"]))


def _statement(system: System, row: Row, count: int) -> list[Line]:
    """The latest lines, newest first; internal accounts have none."""
    if row["account_kind"] != "customer":
        return []
    book = LineBook(
        system.client("dynamodb"), system.table("Journal"), row["account"], row["currency"]
    )
    last = row["posting_no"]
    return [*book.pages(max(1, last - count + 1), last)][::-1]


def _show(row: Row, statement: list[Line]) -> None:
    currency = row["currency"]
    posted = row.get("posted_c", 0) - row.get("posted_d", 0)
    screen.out.print(f"[bold]{row['account']}[/]  {money(posted, currency)}")
    facts = [("debited", row.get("posted_d", 0)), ("credited", row.get("posted_c", 0))]
    if row["account_kind"] == "customer":
        facts += [
            ("available", row["available"]),
            ("held", row["held"]),
            ("overdraft limit", row["overdraft_limit"]),
        ]
    told = [f"{name} {amount(minor, currency)}" for name, minor in facts]
    if row["account_kind"] == "customer":
        told += [f"status {row['status']}", f"{row['posting_no']} postings"]
    else:
        told.append("internal, folded a moment after each booking")
    screen.out.print("  " + ", ".join(told))
    if statement:
        cells = [
            (
                line.posting_no,
                line.value_date,
                line.purpose,
                amount(line.amount, currency),
                amount(line.balance_after, currency),
                line.narrative or "",
            )
            for line in statement
        ]
        columns = (">no", "!value date", "purpose", ">amount", ">balance after", "narrative")
        screen.out.print(screen.table("", columns, cells))
