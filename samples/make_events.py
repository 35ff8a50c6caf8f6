"""Write events/: a sample and a schema of every bus event, and an invocation of every function.

    PYTHONPATH=src python -m samples.make_events

Made from the domain's own code with fixed times and tokens: every run writes the same bytes. A
schema that would hurt readers of the published one is not written; it needs a new major version.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.events import (
    BUS_EVENTS,
    TransactionPostingApproved,
    TransactionPostingSuspended,
    TransactionRejected,
)
from samples.envelopes import bus_event
from samples.event_schemas import breaks, name_of, schema_of
from samples.event_story import (
    BLOCKED_PURCHASE,
    DECLINED_PURCHASE,
    FOREIGN_PURCHASE,
    Booked,
    account_row,
    balance_of,
    book,
)
from samples.invocations import invocations
from samples.leg_story import SAID_AT, legs_said

TARGET = Path(__file__).parents[1] / "events"


def bookings() -> tuple[Booked, Booked]:
    """The foreign purchase on its customer, and the other one in suspense."""
    approved = FOREIGN_PURCHASE.decided(TransactionPostingApproved)
    suspended = BLOCKED_PURCHASE.decided(TransactionPostingSuspended)
    return (
        book(approved, balance_of(account_row("A-1001")), FOREIGN_PURCHASE.booked_at),
        book(suspended, balance_of(account_row("A-1046")), BLOCKED_PURCHASE.booked_at),
    )


def bus_events() -> dict[str, dict[str, Any]]:
    """By detail-type, in the order of the flow."""
    purchase, received = FOREIGN_PURCHASE, FOREIGN_PURCHASE.received_at
    found = [
        bus_event(purchase.authorized, received),
        bus_event(purchase.enriched, received + timedelta(seconds=1)),
        bus_event(purchase.decided(TransactionPostingApproved), received + timedelta(seconds=2)),
        bus_event(
            BLOCKED_PURCHASE.decided(TransactionPostingSuspended),
            BLOCKED_PURCHASE.received_at + timedelta(seconds=2),
        ),
        bus_event(
            DECLINED_PURCHASE.decided(TransactionRejected),
            DECLINED_PURCHASE.received_at + timedelta(seconds=2),
        ),
        bus_event(legs_said()[0], SAID_AT),
        bus_event(bookings()[0].event, purchase.booked_at + timedelta(seconds=1)),
    ]
    return {event["detail-type"]: event for event in found}


def documents() -> dict[str, Any]:
    """Every file by its path below events/."""
    events = bus_events()
    return (
        {f"{name}.json": event for name, event in events.items()}
        | {f"schemas/{name_of(event)}.json": schema_of(event) for event in BUS_EVENTS}
        | {
            f"invoke/{function}.json": event
            for function, event in invocations(events, *bookings()).items()
        }
    )


def as_text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def broken_promises(target: Path, made: dict[str, Any]) -> list[str]:
    """What the new schemas would take from readers of those that stand in the folder."""
    return [
        f"{path}: {fault}"
        for path, document in made.items()
        if path.startswith("schemas/") and (target / path).exists()
        for fault in breaks(json.loads((target / path).read_text(encoding="utf-8")), document)
    ]


def write(target: Path = TARGET) -> None:
    made = documents()
    if faults := broken_promises(target, made):
        sys.exit("\n".join([*faults, "give the event a new major version beside the old one"]))
    for path, document in made.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(as_text(document), encoding="utf-8")


if __name__ == "__main__":
    write()
