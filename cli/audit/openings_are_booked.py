"""Invariant 3, too: opening money that was ordered is booked, and its row says nothing else."""

from collections.abc import Iterable, Iterator, Mapping

from cli.audit.finding import Break, Row
from domain.booking import opening_header_id


def openings_are_booked(balances: Iterable[Row], headers: Mapping[str, Row]) -> Iterator[Break]:
    """`headers` by their id. The order is a message in a queue: it is under way, or lost."""
    for row in balances:
        due = row.get("opening_due", 0)
        if not due:
            continue
        ordered = f"{due} {row['currency']} minor units of opening money are ordered"
        header_id = opening_header_id(row["account"].removeprefix("cust:"), row["currency"])
        if header_id in headers:
            yield Break(3, row["pk"], f"{ordered}, though {header_id} is booked")
        else:
            what = f"{ordered} and not booked: if it stays so, load the account's row again"
            yield Break(3, row["pk"], what, heals=True)
