"""Every account's debits and credits, read whole from the live tables."""

from datetime import UTC, datetime

from adapters.journal import JournalTable
from adapters.trial_balances import TrialBalances
from cli.books import unfolded_headers
from cli.steady import read_until_zero
from cli.system import System
from domain.query_parameters import LIMIT_MAX
from domain.trial_balance import AccountLine, TrialBalance, pending_of


def read(system: System) -> TrialBalance:
    """The trial balance now; read again when it does not come out while bookings go on."""
    return read_until_zero(lambda: _read(system))


def _read(system: System) -> TrialBalance:
    """All pages in one. Every header without a marker is looked for, however old it is."""
    client = system.client("dynamodb")
    journal = JournalTable(client, system.table("Journal"))
    balances = TrialBalances(client, system.table("Balances"), journal)
    lines: list[AccountLine] = []
    point = None
    while True:
        found, point = balances.page(LIMIT_MAX, datetime.now(UTC), point)
        lines += found.lines
        if point is None:
            break
    unfolded = unfolded_headers(system)
    lines.sort(key=lambda line: (line.currency, line.kind == "customer", line.account))
    return TrialBalance(tuple(lines), len(unfolded), pending_of(unfolded))
