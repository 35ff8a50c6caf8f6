"""Every account's debits and credits, which must cancel out in every currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.books import unfolded_headers
from cli.scanning import scan
from cli.system import System
from domain.events import Posted
from domain.folding import net

# Bookings may land between the readings of the two tables; a fault stays, a movement does not.
_READINGS_MAX = 4


@dataclass(frozen=True, slots=True)
class AccountLine:
    """Minor units; `kind` is customer or internal."""

    account: str
    currency: str
    kind: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """`pending` is what headers not yet folded will still do to internal accounts, by currency."""

    lines: tuple[AccountLine, ...]
    unfolded: int
    pending: Mapping[str, tuple[int, int]]

    @property
    def currencies(self) -> list[str]:
        return sorted({line.currency for line in self.lines} | set(self.pending))

    def sums(self, currency: str) -> tuple[int, int]:
        """Debits and credits of all accounts, with what is pending."""
        debit, credit = self.pending.get(currency, (0, 0))
        debit += sum(line.debit for line in self.lines if line.currency == currency)
        credit += sum(line.credit for line in self.lines if line.currency == currency)
        return debit, credit

    def difference(self, currency: str) -> int:
        debit, credit = self.sums(currency)
        return debit - credit

    @property
    def is_zero(self) -> bool:
        return not any(self.difference(currency) for currency in self.currencies)


def trial_balance_of(rows: Iterable[Mapping[str, Any]], unfolded: Sequence[Posted]) -> TrialBalance:
    """From balance rows (customer and internal), and the headers that have no fold marker."""
    lines = sorted(
        (
            AccountLine(
                row["account"],
                row["currency"],
                row["account_kind"],
                row.get("posted_d", 0),
                row.get("posted_c", 0),
            )
            for row in rows
        ),
        key=lambda line: (line.currency, line.kind == "customer", line.account),
    )
    pending: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (_, currency), moved in net(unfolded).items():
        debit, credit = pending[currency]
        pending[currency] = (debit + moved.debit, credit + moved.credit)
    return TrialBalance(tuple(lines), len(unfolded), dict(pending))


def read(system: System) -> TrialBalance:
    """The trial balance now; read again when it does not come out while bookings go on."""
    found = _read(system)
    for _ in range(_READINGS_MAX - 1):
        if found.is_zero:
            break
        found = _read(system)
    return found


def _read(system: System) -> TrialBalance:
    rows = scan(
        system.client("dynamodb"),
        system.table("Balances"),
        only="begins_with(pk, :b)",
        values={":b": "B#"},
    )
    return trial_balance_of(rows, unfolded_headers(system))


def as_values(found: TrialBalance) -> dict[str, Any]:
    return {
        "zero": found.is_zero,
        "unfolded_headers": found.unfolded,
        "currencies": {
            currency: {
                "debit": found.sums(currency)[0],
                "credit": found.sums(currency)[1],
                "difference": found.difference(currency),
            }
            for currency in found.currencies
        },
        "accounts": [
            {
                "account": line.account,
                "currency": line.currency,
                "kind": line.kind,
                "debit": line.debit,
                "credit": line.credit,
                "net": line.credit - line.debit,
            }
            for line in found.lines
        ],
    }
