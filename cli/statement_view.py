"""A statement on the screen."""

from datetime import timedelta
from typing import Any

from cli import screen
from cli.amounts import amount, money
from domain.statement import Entry, Statement, Totals


def show(statement: Statement, holder: dict[str, Any]) -> None:
    """`holder` is the account's reference row."""
    last_day = statement.until - timedelta(days=1)
    whose = ", ".join(str(holder[name]) for name in ("holder", "iban") if holder.get(name))
    screen.line(f"Account {statement.account_id} in {statement.currency}, {whose}")
    screen.line(f"{statement.since} to {last_day}, booking dates in UTC")
    rows = [
        (statement.since, "", "Opening balance", "", "", _amount(statement, statement.opening)),
        *(_row(statement, entry) for entry in statement.entries),
        (last_day, "", "Closing balance", "", "", _amount(statement, statement.closing)),
    ]
    columns = ("!booked", "!value date", "narrative", ">debit", ">credit", ">balance")
    screen.out.print(screen.table("", columns, rows))
    screen.line(
        f"{_told(statement, 'debit', statement.debits)},"
        f" {_told(statement, 'credit', statement.credits)}"
    )


def _row(statement: Statement, entry: Entry) -> tuple[object, ...]:
    shown = _amount(statement, abs(entry.amount))
    debit, credit = (shown, "") if entry.amount < 0 else ("", shown)
    narrative = entry.narrative or entry.purpose
    balance = _amount(statement, entry.balance_after)
    return entry.booking_date, entry.value_date, narrative, debit, credit, balance


def _amount(statement: Statement, minor: int) -> str:
    return amount(minor, statement.currency)


def _told(statement: Statement, name: str, totals: Totals) -> str:
    plural = "" if totals.count == 1 else "s"
    return f"{totals.count} {name}{plural} of {money(totals.sum, statement.currency)}"
