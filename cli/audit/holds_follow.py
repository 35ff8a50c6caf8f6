"""Invariant 6: what is held moves from booking to booking, from nothing to what is held now.

A booking that was derived from a balance which had moved says a `held_after` that no other booking
starts from.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from cli.audit.finding import Break, Row

type Key = tuple[str, str]


def holds_follow(headers: Iterable[Row], balances: Iterable[Row]) -> Iterator[Break]:
    """Every sum that a booking leaves held is one that another starts from, and the last is the
    row's: no order of the bookings needs to be known for that.
    """
    left: dict[Key, Counter[int]] = {}
    for header in headers:
        hold = header.get("hold")
        if hold:
            sums = left.setdefault((hold["account"], hold["currency"]), Counter({0: 1}))
            sums[hold["held_after"]] += 1
            sums[hold["held_after"] - hold["change"]] -= 1
    for row in balances:
        key = (row.get("account", ""), row.get("currency", ""))
        if row.get("account_kind") == "customer" and key in left:
            left[key][row["held"]] -= 1
            torn = sorted(held for held, times in left[key].items() if times)
            if torn:
                named = ", ".join(str(held) for held in torn)
                yield Break(6, row["pk"], f"what is held does not run on at {named}")
