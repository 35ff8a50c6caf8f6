"""Every account's debits and credits, which must cancel out in every currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from domain.events import Posted
from domain.folding import net

type Sums = dict[str, tuple[int, int]]


class AccountLine(msgspec.Struct, frozen=True):
    """Minor units; `kind` is customer or internal."""

    account: str
    currency: str
    kind: str
    debit: int
    credit: int


class TrialBalance(msgspec.Struct, frozen=True):
    """`pending` is what headers not yet folded will still do to internal accounts, by currency;
    `before` sums the accounts on earlier pages.
    """

    lines: tuple[AccountLine, ...]
    unfolded: int
    pending: Sums
    before: Sums = {}

    @property
    def currencies(self) -> list[str]:
        told = {line.currency for line in self.lines}
        return sorted(told | set(self.pending) | set(self.before))

    def sums(self, currency: str) -> tuple[int, int]:
        """Debits and credits of all accounts, with what is pending."""
        debit, credit = self.pending.get(currency, (0, 0))
        earlier = self.before.get(currency, (0, 0))
        debit += earlier[0] + sum(line.debit for line in self.lines if line.currency == currency)
        credit += earlier[1] + sum(line.credit for line in self.lines if line.currency == currency)
        return debit, credit

    def difference(self, currency: str) -> int:
        debit, credit = self.sums(currency)
        return debit - credit

    @property
    def is_zero(self) -> bool:
        return not any(self.difference(currency) for currency in self.currencies)


def trial_balance_of(
    rows: Iterable[Mapping[str, Any]], unfolded: Sequence[Posted], before: Sums | None = None
) -> TrialBalance:
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
    return TrialBalance(tuple(lines), len(unfolded), pending_of(unfolded), before or {})


def pending_of(unfolded: Sequence[Posted]) -> Sums:
    """What these headers will still do to internal accounts."""
    pending: Sums = defaultdict(lambda: (0, 0))
    for (_, currency), moved in net(unfolded).items():
        debit, credit = pending[currency]
        pending[currency] = (debit + moved.debit, credit + moved.credit)
    return dict(pending)


def trial_balance_body(found: TrialBalance) -> dict[str, Any]:
    """As JSON values, for the API and the command line."""
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
