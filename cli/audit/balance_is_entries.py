"""Invariant 5: a balance is the sum of its entries, and a statement has no gaps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from cli.audit.finding import Break, Row
from domain.posting import POSTED

type Key = tuple[str, str]
type Sums = dict[Key, tuple[int, int]]

_CUSTOMER, _OVERDRAWN = "cust:", "recv:overdrawn:"


def balance_is_entries(
    headers: Mapping[str, Row], lines: Iterable[Row], balances: Iterable[Row], markers: Set[str]
) -> Iterator[Break]:
    """Customers' rows move with each booking, internal ones with the fold of marked headers."""
    rows = {(row["account"], row["currency"]): row for row in balances}
    sums = _sums(headers, markers)
    for key in sorted(rows.keys() | sums.keys()):
        yield from _sum(key, rows.get(key), sums.get(key, (0, 0)))
    yield from _receivables(headers, rows)
    yield from _statements(lines, rows)
    for header_id in sorted(headers.keys() - markers):
        yield Break(5, header_id, "not folded into the internal balances yet", heals=True)


def _receivables(headers: Mapping[str, Row], rows: Mapping[Key, Row]) -> Iterator[Break]:
    """What a customer's row says that its account lacked is what was booked as that."""
    owed: dict[Key, int] = defaultdict(int)
    for header in headers.values():
        for leg in header["legs"]:
            if leg["account"].startswith(_OVERDRAWN):
                customer = _CUSTOMER + leg["account"].removeprefix(_OVERDRAWN)
                more = leg["amount"] if leg["side"] == "D" else -leg["amount"]
                owed[customer, leg["currency"]] += more
    for key in sorted(rows.keys() | owed.keys()):
        stated = rows.get(key, {}).get("receivable", 0)
        if stated != owed.get(key, 0):
            what = f"the receivable is {stated}, its entries sum to {owed.get(key, 0)}"
            yield Break(5, f"B#{key[0]}#{key[1]}", what)


def _sums(headers: Mapping[str, Row], markers: Set[str]) -> Sums:
    """Debits and credits of every account, internal ones from folded headers only."""
    sums: Sums = defaultdict(lambda: (0, 0))
    for header_id, header in headers.items():
        for leg in header["legs"]:
            if leg["layer"] != POSTED:
                continue
            if leg["account"].startswith(_CUSTOMER) or header_id in markers:
                debit, credit = sums[leg["account"], leg["currency"]]
                more = (leg["amount"], 0) if leg["side"] == "D" else (0, leg["amount"])
                sums[leg["account"], leg["currency"]] = (debit + more[0], credit + more[1])
    return sums


def _sum(key: Key, row: Row | None, right: tuple[int, int]) -> Iterator[Break]:
    account, currency = key
    name = f"B#{account}#{currency}"
    if row is None:
        yield Break(5, name, "entries exist, and no balance row")
        return
    standing = (row.get("posted_d", 0), row.get("posted_c", 0))
    for side, has, sums_to in zip(("debit", "credit"), standing, right, strict=True):
        if has != sums_to:
            yield Break(5, name, f"the {side} side is {has}, its entries sum to {sums_to}")


def _statements(lines: Iterable[Row], rows: Mapping[Key, Row]) -> Iterator[Break]:
    by_account: dict[str, list[Row]] = defaultdict(list)
    for line in lines:
        by_account[line["pk"]].append(line)
    for (account, currency), row in rows.items():
        if row.get("account_kind") == "customer":
            statement = by_account.pop(f"S#{account}#{currency}", [])
            ordered = sorted(statement, key=lambda line: str(line["sk"]))
            yield from _statement(f"S#{account}#{currency}", ordered, row)
    for name in by_account:
        yield Break(5, name, "a statement without a balance row")


def _statement(name: str, lines: Sequence[Row], row: Row) -> Iterator[Break]:
    balance = 0
    for number, line in enumerate(lines, start=1):
        if int(line["sk"]) != number:
            yield Break(5, name, f"posting {number} is missing, {int(line['sk'])} stands there")
            return
        balance += line["amount"]
        if line["balance_after"] != balance:
            what = f"after posting {number} it says {line['balance_after']}, the sum is {balance}"
            yield Break(5, name, what)
            return
    if row["posting_no"] != len(lines):
        yield Break(5, name, f"{len(lines)} lines, but the row counts {row['posting_no']} postings")
    if row["posted_c"] - row["posted_d"] != balance:
        posted = row["posted_c"] - row["posted_d"]
        yield Break(5, name, f"the last line says {balance}, the balance row {posted}")
