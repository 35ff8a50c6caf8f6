"""The pending layer of the trial balance: what is held of customers, and for which scheme."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from adapters.payments import life_of_row
from cli import screen
from cli.amounts import amount
from cli.scanning import scan
from cli.steady import read_until_zero
from cli.system import System

type Row = dict[str, Any]


class PendingLayer(msgspec.Struct, frozen=True):
    """Minor units by currency: debits of all customers as their rows have them, credits of the
    schemes as the open holds make them.
    """

    customers: Mapping[str, int]
    schemes: Mapping[str, Mapping[str, int]]

    @property
    def is_zero(self) -> bool:
        currencies = self.customers.keys() | self.schemes.keys()
        return all(self.difference(currency) == 0 for currency in currencies)

    def difference(self, currency: str) -> int:
        return self.customers.get(currency, 0) - sum(self.schemes.get(currency, {}).values())


def pending_layer_of(balances: Iterable[Row], payments: Iterable[Row]) -> PendingLayer:
    customers: dict[str, int] = defaultdict(int)
    schemes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in balances:
        if row.get("held"):
            customers[row["currency"]] += row["held"]
    for row in payments:
        life = life_of_row(row)
        if life.payment.held:
            schemes[life.payment.currency][life.network] += life.payment.held
    return PendingLayer(customers, schemes)


def read(system: System) -> PendingLayer:
    """Read again when the two sides differ while holds go on."""
    return read_until_zero(lambda: _read(system))


def _read(system: System) -> PendingLayer:
    client = system.client("dynamodb")
    tables = (("Balances", "B#"), ("Payments", "P#"))
    balances, payments = (
        scan(
            client,
            system.table(table),
            only="begins_with(pk, :prefix)",
            values={":prefix": prefix},
        )
        for table, prefix in tables
    )
    return pending_layer_of(balances, payments)


def show(found: PendingLayer) -> None:
    """Nothing where nothing is held."""
    rows = []
    for currency in sorted(found.customers.keys() | found.schemes.keys()):
        held = found.customers.get(currency, 0)
        rows.append((f"{currency} customers", amount(held, currency), ""))
        for network, credit in sorted(found.schemes.get(currency, {}).items()):
            rows.append((f"  settle:{network}:{currency}", "", amount(credit, currency)))
    if rows:
        columns = ("held, pending", ">debit", ">credit")
        screen.out.print(screen.table("Pending layer", columns, rows))
    if not found.is_zero:
        screen.complain("the held money of customers is not what the open holds keep")


def as_values(found: PendingLayer) -> dict[str, Any]:
    return {
        "zero": found.is_zero,
        "customers": dict(found.customers),
        "schemes": {currency: dict(each) for currency, each in found.schemes.items()},
    }
