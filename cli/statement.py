"""`statement`: what was booked to an account in a period, on the screen or in a file."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from adapters.reference import ReferenceTable
from adapters.statements import Statements
from cli import screen, statement_view
from cli.connection import connect
from cli.errors import UserError
from cli.system import System
from domain import chart
from domain.camt053 import camt053
from domain.statement import Statement
from domain.statement_csv import statement_csv
from domain.statement_json import statement_body


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    CAMT = "camt.053"


def statement(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="A-1001, or cust:A-1001.")],
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First day, in UTC.")],
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="Day after the last; tomorrow when left out."),
    ] = None,
    currency: Annotated[str | None, typer.Option(help="The account's own when left out.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
) -> None:
    """The statement of an account: opening balance, entries in their order, closing balance.

    A day is a booking date in UTC. Value dates stand beside it and order nothing.
    """
    first, after = period(since, until)
    if out is not None and form is Format.TABLE:
        raise UserError("--out needs a --format that a program reads: csv, json or camt.053")
    read = statements_of(connect(context))
    found, holder = _find(read, account.removeprefix("cust:"), currency, first, after)
    if form is Format.TABLE:
        statement_view.show(found, holder)
        return
    made = _WRITERS[form](read, found, holder)
    if out is None:
        screen.data(made)
    else:
        out.write_bytes(made)
        screen.note(f"{len(found.entries)} entries in {out}")


def statements_of(system: System) -> Statements:
    client = system.client("dynamodb")
    return Statements(
        client,
        JournalTable(client, system.table("Journal")),
        BalanceTable(client, system.table("Balances")),
        ReferenceTable(client, system.table("Reference")),
    )


def period(since: str, until: str | None) -> tuple[date, date]:
    """The first day, and the day after the last one. Raises UserError."""
    first = _day("--from", since)
    after = _day("--to", until) if until else datetime.now(UTC).date() + timedelta(days=1)
    if first >= after:
        raise UserError(f"--from {first} is not before --to {after}, the day after the last one")
    return first, after


def holder_of(read: Statements, account_id: str) -> dict[str, Any]:
    """The account's reference row. Raises UserError."""
    holder = read.holder(account_id)
    if holder is None:
        raise UserError(
            f"nobody knows account {account_id}: './posting trial-balance --all' lists all of them"
        )
    return holder


def _find(
    read: Statements, account_id: str, currency: str | None, first: date, after: date
) -> tuple[Statement, dict[str, Any]]:
    holder = holder_of(read, account_id)
    wanted = (currency or holder["currency"]).upper()
    found = read.statement(chart.customer(account_id), wanted, first, after)
    if found is None:
        raise UserError(f"account {account_id} has no balance in {wanted}: leave --currency out")
    return found, holder


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text}: write a day as 2026-11-20") from None


type Writer = Callable[[Statements, Statement, dict[str, Any]], bytes]


def _csv(_read: Statements, found: Statement, _holder: dict[str, Any]) -> bytes:
    return statement_csv(found).encode()


def _json(_read: Statements, found: Statement, _holder: dict[str, Any]) -> bytes:
    body = json.dumps(statement_body(found), indent=2, ensure_ascii=False)
    return f"{body}\n".encode()


def _camt(read: Statements, found: Statement, holder: dict[str, Any]) -> bytes:
    return camt053(found, read.headers(found), datetime.now(UTC), holder.get("iban"))


_WRITERS: dict[Format, Writer] = {Format.CSV: _csv, Format.JSON: _json, Format.CAMT: _camt}
