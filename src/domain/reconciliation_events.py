"""Events = journal: every header of the window was announced as one event that says the same."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from domain.announcement import posted_event_id
from domain.events import Posted, TransactionPosted
from domain.money import Money
from domain.reconciliation import REPUBLISH, Break, Findings

BOOKED, ANNOUNCED = "booked", "announced"


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """One announcement as the audit trail has it, however often it was delivered."""

    event_id: str
    digest: str
    totals: dict[str, int]


# Announcements by header id.
type Announcements = dict[str, list[Heard]]


def hear(announcements: Announcements, event: TransactionPosted) -> None:
    """Remember an event; a repeat of it changes nothing."""
    posted = event.data
    heard = Heard(event.meta.event_id, digest_of(posted), posted.totals)
    known = announcements.setdefault(posted.header_id, [])
    if heard not in known:
        known.append(heard)


def digest_of(posted: Posted) -> str:
    """A short hash of all that a header says, whichever way it came."""
    content = msgspec.json.encode(posted, order="deterministic")
    return hashlib.sha256(content).hexdigest()[:32]


def compare_events(
    headers: Iterable[Posted], heard: Mapping[str, list[Heard]], overdue_before: datetime
) -> Findings:
    """Headers against announcements. A header may be unheard of until `overdue_before` passes
    it.
    """
    found = Findings()
    for header in headers:
        found.looked_at += 1
        for currency, total in header.totals.items():
            found.totals.add(BOOKED, Money(total, currency))
        events = heard.get(header.header_id, [])
        if events:
            _announced(found, header, events)
        elif datetime.fromisoformat(header.booked_at) < overdue_before:
            what = f"booked at {header.booked_at}, and not announced in the audit trail"
            found.breaks.append(
                Break(kind="NOT_ANNOUNCED", id=header.header_id, what=what, repair=REPUBLISH)
            )
        else:
            found.note("not in the audit trail yet")
    return found


def without_header(heard: Mapping[str, list[Heard]]) -> Findings:
    """Announcements whose header does not exist: nothing can take an event back."""
    found = Findings()
    for header_id, events in sorted(heard.items()):
        found.looked_at += 1
        _count(found, events[0])
        what = f"announced as {events[0].event_id}, but there is no such header"
        found.breaks.append(Break(kind="EVENT_WITHOUT_HEADER", id=header_id, what=what))
    return found


def _announced(found: Findings, header: Posted, events: list[Heard]) -> None:
    _count(found, events[0])
    right = Heard(posted_event_id(header.header_id), digest_of(header), header.totals)
    for event in events:
        if event != right:
            said = "says otherwise" if event.event_id == right.event_id else "is not its own event"
            what = f"event {event.event_id} {said}"
            found.breaks.append(Break(kind="EVENT_DIFFERS", id=header.header_id, what=what))


def _count(found: Findings, event: Heard) -> None:
    for currency, total in event.totals.items():
        found.totals.add(ANNOUNCED, Money(total, currency))
