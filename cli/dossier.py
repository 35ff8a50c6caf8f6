"""What the tables hold about one record, which is the API's story, and which events were heard."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.balances import BalanceTable
from adapters.claims import ClaimTable
from adapters.full_story import FullStory
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from cli.audit.trail import Event, Trail
from cli.system import System

_SLACK = timedelta(hours=1)


def story_of(system: System) -> FullStory:
    """Over the tables of this system."""
    client = system.client("dynamodb")
    return FullStory(
        InboxTable(client, system.table("Inbox")),
        ParkedTable(client, system.table("Parked")),
        JournalTable(client, system.table("Journal")),
        ClaimTable(client, system.table("Claims")),
        BalanceTable(client, system.table("Balances")),
        PairTable(client, system.table("Claims")),
        PaymentTable(client, system.table("Payments")),
    )


def heard_of(system: System, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The story's events, with how often each was heard.

    What is heard may be a minute late: the audit trail is written in pieces.
    """
    heard = _heard(Trail(system), told, datetime.now(UTC))
    return [event | _told_of(heard.get(event["event_id"], [])) for event in told["events"]]


def _heard(trail: Trail, told: dict[str, Any], now: datetime) -> dict[str, list[Event]]:
    wanted = {event["event_id"] for event in told["events"]}
    heard: dict[str, list[Event]] = {}
    for event in trail.within(_times(told, now)):
        found = event.detail.get("meta", {}).get("event_id")
        if found in wanted:
            heard.setdefault(found, []).append(event)
    return heard


def _times(told: dict[str, Any], now: datetime) -> list[tuple[datetime, datetime]]:
    """When the story's events were delivered: all of the record's own time, which is short, and a
    while after each booking, since a correction or a dispute comes weeks later.
    """
    own = [datetime.fromisoformat(each) for each in told["timings"].values() if each]
    booked = [each["booked_at"] for each in told["events"] if each.get("booked_at")]
    times = [(min(own), max(own))] if own else []
    times += [(at, at) for at in map(datetime.fromisoformat, booked)]
    # A repeat may have been delivered later; that is what the audit is for.
    return [(since, min(until + _SLACK, now)) for since, until in times]


def _told_of(events: list[Event]) -> dict[str, Any]:
    """How often it was delivered, when first, and the decision inside, if it carries one."""
    decision = next(
        (e.detail["data"]["decision"] for e in events if "decision" in e.detail["data"]), None
    )
    return {
        "heard": len(events),
        "first_heard_at": min((event.time for event in events), default=None),
        "decision": decision,
    }
