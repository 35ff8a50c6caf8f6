"""Everything that the invariants look at, read from the live tables and the audit trail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cli.audit.trail import Trail
from cli.scanning import scan
from cli.system import System
from domain.acceptance import ACCEPTED
from domain.events import BUS_EVENTS, TransactionPosted

type Row = dict[str, Any]

_BEFORE_LEDGER = {event.detail_type() for event in BUS_EVENTS} - {TransactionPosted.detail_type()}


@dataclass(frozen=True, slots=True)
class Books:
    """Plain rows; `at` is when the reading began, `told` the events before the ledger."""

    at: datetime
    inbox: dict[str, Row]
    parked: dict[str, Row]
    headers: dict[str, Row]
    lines: list[Row]
    balances: list[Row]
    payments: list[Row]
    markers: frozenset[str]
    announced: list[Row]
    told: list[Row] = field(default_factory=list)

    @property
    def accepted(self) -> list[Row]:
        """Headers by which somebody has found an excess right: no breaks, and not forgotten."""
        return [row for row in self.headers.values() if row["purpose"] == ACCEPTED]


def read(system: System, trail: Trail) -> Books:
    """What a thing leads to is read after it: then a record under way is in flight, never lost.

    The markers come before the headers they mark, so a booking between the two readings is lag; the
    customers' rows still run ahead of their lines, so a moving ledger is read again.
    """
    client, at = system.client("dynamodb"), datetime.now(UTC)
    events = trail.events()
    posted = TransactionPosted.detail_type()
    inbox = scan(client, system.table("Inbox"))
    balances = scan(client, system.table("Balances"))
    payments = scan(client, system.table("Payments"))
    journal = scan(client, system.table("Journal"))
    parked = scan(client, system.table("Parked"))
    return Books(
        at=at,
        inbox={row["ingest_id"]: row for row in inbox},
        # Pointers to the first record with some invalid content lie in the same table.
        parked={row["ingest_id"]: row for row in parked if "state" in row},
        headers={row["pk"]: row for row in journal if row["sk"] == "H"},
        lines=[row for row in journal if row["pk"].startswith("S#")],
        balances=[row for row in balances if row["pk"].startswith("B#")],
        payments=[row for row in payments if row["pk"].startswith("P#")],
        markers=frozenset(
            row["pk"].removeprefix("F#") for row in balances if row["pk"].startswith("F#")
        ),
        announced=[each.detail for each in events if each.detail_type == posted],
        told=[
            {"detail_type": each.detail_type, "detail": each.detail}
            for each in events
            if each.detail_type in _BEFORE_LEDGER
        ],
    )
