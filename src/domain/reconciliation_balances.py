"""Journal = balances: every balance is the sum of its entries, and a statement has no gaps.

The rows are read first, then the whole journal, while both go on moving. A customer's row counts
its postings, so that what was booked after the reading is known and left out. An internal row does
not: it must lie between the sums without and with the headers of the moments around the reading,
which is the same number where no fold ran meanwhile.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.events import CustomerEffect, Posted
from domain.folding import internal_movements
from domain.missing_funds import debt_moved
from domain.money import Money
from domain.posting import Movement, movements_of
from domain.reconciliation import FOLD, RESUM, Break, Findings

type Row = Mapping[str, Any]

JOURNAL, BALANCES, UNFOLDED = "booked", "balances", "not folded yet"
_CUSTOMER = "customer"
_CUSTOMERS = "cust:"


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """A Balances row as it was read."""

    kind: str
    debit: int
    credit: int
    posting_no: int
    receivable: int = 0


class Tally(msgspec.Struct, array_like=True):
    """What the journal holds for one account and currency; the last line is that with the highest
    posting number.
    """

    debit: int = 0
    credit: int = 0
    bookings: int = 0
    lines: int = 0
    lines_sum: int = 0
    last_no: int = 0
    last_balance: int = 0
    receivable: int = 0

    def move(self, movement: Movement) -> None:
        self.debit += movement.debit
        self.credit += movement.credit


class Books(msgspec.Struct, kw_only=True):
    """Rows and sums by `account#currency`, from page to page. Times are ISO 8601.

    `late` sums the headers from `late_from` to `late_until`: their fold may have run on either
    side of the reading of the internal rows.
    """

    overdue_before: str
    late_from: str = ""
    late_until: str = ""
    fold_no: int = 0
    rows: dict[str, Standing] = msgspec.field(default_factory=dict)
    sums: dict[str, Tally] = msgspec.field(default_factory=dict)
    late: dict[str, Tally] = msgspec.field(default_factory=dict)

    def take_rows(self, rows: Iterable[Row]) -> None:
        """Rows of the Balances table; what is no balance is left out."""
        for row in rows:
            if row["pk"].startswith("B#"):
                self.rows[row["pk"].removeprefix("B#")] = Standing(
                    row["account_kind"],
                    row.get("posted_d", 0),
                    row.get("posted_c", 0),
                    row.get("posting_no", 0),
                    row.get("receivable", 0),
                )

    def take_line(self, line: Row) -> None:
        """A statement line, unless it was booked after its row was read."""
        key, number = line["pk"].removeprefix("S#"), int(line["sk"])
        row = self.rows.get(key)
        if row is not None and number > row.posting_no:
            return
        tally = self.sums.setdefault(key, Tally())
        tally.lines += 1
        tally.lines_sum += line["amount"]
        if number > tally.last_no:
            tally.last_no, tally.last_balance = number, line["balance_after"]

    def take_header(
        self, header: Posted, line: Row | None, *, folded: bool, found: Findings
    ) -> None:
        """A header, the statement line that it should have, and whether its marker stands."""
        found.looked_at += 1
        for currency, total in header.totals.items():
            found.totals.add(JOURNAL, Money(total, currency))
        if header.customer is not None:
            self._take_customer(header, header.customer, line, found)
        booked_at = _moment(header.booked_at)
        if not folded:
            self._unfolded(header, booked_at, found)
        elif booked_at < _moment(self.late_until):
            sums = self.late if booked_at >= _moment(self.late_from) else self.sums
            for (account, currency), movement in internal_movements(header).items():
                sums.setdefault(f"{account}#{currency}", Tally()).move(movement)

    def without_row(self) -> list[str]:
        """Accounts that have entries, and had no row when the rows were read."""
        return sorted(self.sums.keys() - self.rows.keys())

    def close(self, found: Findings, *, fold_no: int, without_row: Iterable[str]) -> None:
        """Compare the rows with the sums. `fold_no` is the count of folds at the end, and
        `without_row` says which accounts have no row even then.
        """
        exact = fold_no == self.fold_no
        found.breaks.extend(_no_row(key) for key in without_row)
        for key, row in sorted(self.rows.items()):
            tally = self.sums.get(key, Tally())
            found.totals.add(BALANCES, Money(row.debit, key.rpartition("#")[2]))
            if row.kind == _CUSTOMER:
                found.breaks.extend(_customer(key, row, tally))
            elif not _fits(row, tally, self.late.get(key, Tally()), exact=exact):
                found.breaks.append(_internal(key, row, tally, self.late.get(key, Tally())))
        if not exact:
            found.note("internal balances moved while they were compared")

    def _take_customer(
        self, header: Posted, effect: CustomerEffect, line: Row | None, found: Findings
    ) -> None:
        key = f"{effect.account}#{effect.currency}"
        if line is None or not _says(line, header.header_id, effect):
            said = "has no statement line" if line is None else "its statement line says otherwise"
            what = f"posting {effect.posting_no} of {key}: {said}"
            found.breaks.append(Break(kind="LINE_MISSING", id=header.header_id, what=what))
        row = self.rows.get(key)
        if row is not None and effect.posting_no > row.posting_no:
            return
        tally = self.sums.setdefault(key, Tally())
        tally.bookings += 1
        tally.move(movements_of(header.legs).get((effect.account, effect.currency), _NOTHING))
        tally.receivable += debt_moved(header.legs, effect.account, effect.currency)

    def _unfolded(self, header: Posted, booked_at: datetime, found: Findings) -> None:
        if not internal_movements(header):
            return
        for currency, total in header.totals.items():
            found.totals.add(UNFOLDED, Money(total, currency))
        if booked_at < _moment(self.overdue_before):
            what = f"booked at {header.booked_at}, and not in the internal balances"
            found.breaks.append(
                Break(kind="NOT_FOLDED", id=header.header_id, what=what, repair=FOLD)
            )


_NOTHING = Movement(0, 0)


def _says(line: Row, header_id: str, effect: CustomerEffect) -> bool:
    """The line is this header's, with the amount and the balance that the header states."""
    said = (line["header_id"], line["amount"], line["balance_after"])
    return said == (header_id, effect.net, effect.balance_after)


def _no_row(key: str) -> Break:
    repair = None if key.startswith(_CUSTOMERS) else RESUM
    return Break(
        kind="NO_BALANCE_ROW", id=key, what="entries exist, and no balance row", repair=repair
    )


def _customer(key: str, row: Standing, tally: Tally) -> Iterable[Break]:
    if (row.debit, row.credit) != (tally.debit, tally.credit):
        what = (
            f"the row says debit {row.debit}, credit {row.credit} minor units;"
            f" its entries sum to {tally.debit} and {tally.credit}"
        )
        yield Break(kind="CUSTOMER_DIFFERS", id=key, what=what)
    if row.receivable != tally.receivable:
        what = (
            f"the row says that {row.receivable} minor units were lacking;"
            f" its entries sum to {tally.receivable}"
        )
        yield Break(kind="CUSTOMER_DIFFERS", id=key, what=what)
    # Distinct numbers, as many as the highest of them: then they are 1..n.
    if not row.posting_no == tally.bookings == tally.lines == tally.last_no:
        what = (
            f"the row counts {row.posting_no} postings; there are {tally.bookings} bookings and"
            f" {tally.lines} lines, the last is {tally.last_no}"
        )
        yield Break(kind="STATEMENT_BROKEN", id=key, what=what)
    elif not row.credit - row.debit == tally.last_balance == tally.lines_sum:
        what = (
            f"the last line says {tally.last_balance} minor units, the lines sum to"
            f" {tally.lines_sum}, the row to {row.credit - row.debit}"
        )
        yield Break(kind="STATEMENT_BROKEN", id=key, what=what)


def _fits(row: Standing, sure: Tally, late: Tally, *, exact: bool) -> bool:
    """Whether an internal row is the sum, or may be: amounts are positive, so sums only grow."""
    if exact:
        return (row.debit, row.credit) == (sure.debit + late.debit, sure.credit + late.credit)
    return (
        sure.debit <= row.debit <= sure.debit + late.debit
        and sure.credit <= row.credit <= sure.credit + late.credit
    )


def _internal(key: str, row: Standing, sure: Tally, late: Tally) -> Break:
    what = (
        f"the row says debit {row.debit}, credit {row.credit} minor units; its folded entries sum"
        f" to {sure.debit + late.debit} and {sure.credit + late.credit}"
    )
    return Break(kind="INTERNAL_DIFFERS", id=key, what=what, repair=RESUM)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
