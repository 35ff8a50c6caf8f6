"""Statements and balances as JSON: the API's answers and the command line's `--json`.

Amounts are whole minor units; `exponent` says how many decimals the currency has.
"""

from typing import Any

import msgspec

from domain.booking import BalanceRow
from domain.currency import exponent_of
from domain.statement import BalanceAt, Entry, Span, Statement, Totals


def statement_body(statement: Statement) -> dict[str, Any]:
    """One account, currency and period with its entries, oldest first."""
    return {
        "account_id": statement.account_id,
        "currency": statement.currency,
        "exponent": exponent_of(statement.currency),
        "from": statement.since.isoformat(),
        "to": statement.until.isoformat(),
        "opening_balance": statement.opening,
        "closing_balance": statement.closing,
        "debits": totals_body(statement.debits),
        "credits": totals_body(statement.credits),
        "entries": [entry_body(entry) for entry in statement.entries],
    }


def page_body(
    page: Statement, period: Span, opening: int, closing: int, token: str | None
) -> dict[str, Any]:
    """A page of a statement: the balances of the period, and under `page` those of its entries.

    `next` is there as long as more entries follow.
    """
    body = statement_body(page)
    totals = {name: body.pop(name) for name in ("debits", "credits")}
    entries = body.pop("entries")
    return (
        body
        | {
            "opening_balance": opening,
            "closing_balance": closing,
            "entry_count": period.count,
            "page": {
                "opening_balance": page.opening,
                "closing_balance": page.closing,
                **totals,
            },
            "entries": entries,
        }
        | ({"next": token} if token else {})
    )


def balance_body(row: BalanceRow) -> dict[str, Any]:
    """The balance of one currency now."""
    return {
        "currency": row.currency,
        "exponent": exponent_of(row.currency),
        "posted": row.posted,
        "held": row.held,
        "available": row.available,
        "overdraft_limit": row.overdraft_limit,
        "status": row.status,
        "posting_no": row.posting_no,
    }


def past_body(found: BalanceAt) -> dict[str, Any]:
    """What was posted in one currency up to an instant."""
    return {
        "currency": found.currency,
        "exponent": exponent_of(found.currency),
        "at": found.at,
        "posted": found.posted,
        "posting_no": found.posting_no,
    }


def entry_body(entry: Entry) -> dict[str, Any]:
    values = msgspec.structs.asdict(entry)
    return {name: value for name, value in values.items() if value is not None}


def totals_body(totals: Totals) -> dict[str, int]:
    return {"count": totals.count, "sum": totals.sum}
