"""A statement as CSV: a line for the opening balance, one for each entry, one for the closing
balance. Amounts are decimal, debits and credits in columns of their own.
"""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from domain.money import Money
from domain.statement import Entry, Statement

COLUMNS = (
    "record",
    "account_id",
    "currency",
    "posting_no",
    "booking_date",
    "value_date",
    "booked_at",
    "purpose",
    "narrative",
    "debit",
    "credit",
    "balance",
    "header_id",
)
# What a spreadsheet takes for a formula if a cell begins with it; a merchant chooses its own name.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(statement: Statement) -> str:
    """Commas, quotes where they are needed, CR LF; the first line names the columns."""
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(_rows(statement))
    return written.getvalue()


def _rows(statement: Statement) -> Iterator[dict[str, str]]:
    known = {"account_id": statement.account_id, "currency": statement.currency}
    last_day = statement.until - timedelta(days=1)

    def amount(minor: int) -> str:
        return Money(minor, statement.currency).to_decimal_string()

    def balance(record: str, day: str, minor: int) -> dict[str, str]:
        return known | {"record": record, "booking_date": day, "balance": amount(minor)}

    yield balance("OPENING", statement.since.isoformat(), statement.opening)
    for entry in statement.entries:
        column = "debit" if entry.amount < 0 else "credit"
        amounts = {column: amount(abs(entry.amount)), "balance": amount(entry.balance_after)}
        yield known | _facts(entry) | amounts
    yield balance("CLOSING", last_day.isoformat(), statement.closing)


def _facts(entry: Entry) -> dict[str, str]:
    return {
        "record": "ENTRY",
        "posting_no": str(entry.posting_no),
        "booking_date": entry.booking_date,
        "value_date": entry.value_date,
        "booked_at": entry.booked_at,
        "purpose": entry.purpose,
        "narrative": _as_text(entry.narrative or ""),
        "header_id": entry.header_id,
    }


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
