"""Invariant 1: money is neither made nor lost. Each header sums to zero per layer and currency."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cli.audit.finding import Break, Row


def conservation(headers: Iterable[Row]) -> Iterator[Break]:
    """What holds for every header holds for the journal as their sum."""
    for header in headers:
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for leg in header["legs"]:
            if leg["amount"] <= 0:
                yield Break(1, header["pk"], f"leg {leg['n']} moves {leg['amount']}")
            if leg["side"] not in {"D", "C"}:
                yield Break(1, header["pk"], f"leg {leg['n']} is neither debit nor credit")
            signed = leg["amount"] if leg["side"] == "D" else -leg["amount"]
            sums[leg["layer"], leg["currency"]] += signed
        for (layer, currency), total in sorted(sums.items()):
            if total:
                what = f"{layer} debits exceed credits by {total} {currency} minor units"
                yield Break(1, header["pk"], what)
