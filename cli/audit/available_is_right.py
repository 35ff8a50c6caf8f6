"""Invariant 6: available = posted - held + overdraft limit, nothing negative is held, and nothing
stands on a closed account or is ordered for one.
"""

from collections.abc import Iterable, Iterator

from cli.audit.finding import Break, Row


def available_is_right(balances: Iterable[Row]) -> Iterator[Break]:
    for row in balances:
        if row.get("account_kind") != "customer":
            continue
        right = row["posted_c"] - row["posted_d"] - row["held"] + row["overdraft_limit"]
        if row["available"] != right:
            yield Break(6, row["pk"], f"available is {row['available']}, it should be {right}")
        if row["held"] < 0:
            yield Break(6, row["pk"], f"{row['held']} is held")
        posted = row["posted_c"] - row["posted_d"]
        if row["status"] == "CLOSED" and posted:
            yield Break(6, row["pk"], f"{posted} stands on a closed account")
        due = row.get("opening_due", 0)
        if row["status"] == "CLOSED" and due:
            yield Break(6, row["pk"], f"{due} of opening money is ordered for a closed account")
