"""Every account's debits and credits, read whole from the live tables."""

from datetime import UTC, datetime

from adapters.journal import JournalTable
from adapters.trial_balances import TrialBalances
from cli.books import unfolded_headers
from cli.system import System
from domain.query_parameters import LIMIT_MAX
from domain.trial_balance import AccountLine, TrialBalance, pending_of

# Bookings may land between the readings of the two tables; a fault stays, a movement does not.
_READINGS_MAX = 4


def read(system: System) -> TrialBalance:
    """The trial balance now; read again when it does not come out while bookings go on."""
    found = _read(system)
    for _ in range(_READINGS_MAX - 1):
        if found.is_zero:
            break
        found = _read(system)
    return found


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
