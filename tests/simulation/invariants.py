"""What must hold at the end of every run, by the numbers of the design."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.parked_row import is_answered
from cli.audit.exactly_once import is_primary
from cli.audit.invariants import check
from cli.audit.reading import Books
from cli.audit.requests_are_answered import part_of_row
from domain.events import TransactionAuthorized
from domain.pairing import RESPONSE
from tests.simulation.deployment import Base
from tests.simulation.doors import Doors
from tests.simulation.expected import unexpected
from tests.simulation.legs import Interface
from tests.simulation.people import People
from tests.simulation.scenario import Scenario

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

_SKEW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run after its drain, and what was put into it."""

    run: "CloudRun"
    base: Base
    scenario: Scenario
    doors: Doors
    people: People
    interface: Interface


def violations(evidence: Evidence, thorough: bool) -> list[tuple[int, str]]:
    """Number of the invariant and what breaks it; [] is what one hopes for."""
    from tests.simulation.thorough import afterwards

    books = evidence.run.books.read()
    found = [
        (number, f"{each.id}: {each.what}")
        for number, breaks in check(books).items()
        for each in breaks
    ]
    found += [(2, what) for what in two_outcomes(books)]
    found += [(3, what) for what in never_received(evidence, books)]
    found += [(3, what) for what in unexpected(evidence.scenario, evidence.people, books)]
    found += [(4, what) for what in evidence.interface.unexpected(evidence.people.touched)]
    found += [(2, what) for what in rejected_too_late(books)]
    found += [(2, what) for what in two_events(evidence.run, books)]
    found += [(3, what) for what in refused_though_answered(books)]
    found += [(3, what) for what in answered_late(evidence, books)]
    found += [(3, what) for what in refused_before_its_time(books)]
    found += [(17, what) for what in letters_without_a_fault(evidence)]
    found += [(7, what) for what in tampering_unnoticed(evidence)]
    found += [(15, what) for what in told_again(evidence.run)]
    found += [(0, f"a function fails by itself: {each}") for each in evidence.run.functions.wrong]
    found += [(0, f"{what}: the template lacks a permission") for what in evidence.run.denied]
    found += evidence.run.database.edits
    found += [(3, what) for what in evidence.people.openings_missing()]
    if thorough and not found:
        found += afterwards(evidence)
    return found


def two_outcomes(books: Books) -> Iterator[str]:
    """A booked record has no row that still waits for somebody."""
    booked = {row["ingest_id"]: row for row in books.headers.values() if is_primary(row)}
    for ingest_id, row in books.parked.items():
        if ingest_id in booked and row["state"] == "PARKED":
            yield f"{ingest_id} is booked as {booked[ingest_id]['pk']} and parked {row['reason']}"
        if ingest_id not in booked and row["state"] == "RESOLVED" and "response" not in row:
            yield f"{ingest_id} is resolved, and nothing is booked"


def never_received(evidence: Evidence, books: Books) -> Iterator[str]:
    """What the caller was told is received, lies in the Inbox or is parked."""
    for ingest_id in evidence.doors.accepted:
        if ingest_id not in books.inbox and ingest_id not in books.parked:
            yield f"{ingest_id} was accepted and is nowhere"


def letters_without_a_fault(evidence: Evidence) -> Iterator[str]:
    """Where nothing went wrong, nothing is given up."""
    run = evidence.run
    if not run.faults.drawn and not evidence.people.tampered:
        for name, queue in run.queues.named.items():
            if queue.arrived is None and queue.messages:
                yield f"{name} holds {len(queue.messages)} letters, and nothing went wrong"


def tampering_unnoticed(evidence: Evidence) -> Iterator[str]:
    """Other content under the ids of a booked record ends as a letter, which rings an alarm."""
    queues = evidence.run.queues.named.values()
    letters = [
        each.body for queue in queues if queue.arrived is None for each in queue.messages.values()
    ]
    for fingerprint, ingest_id in evidence.people.tampered.items():
        if not any(fingerprint in letter for letter in letters):
            yield f"{ingest_id} came again with other content, and nobody is told"


def told_again(run: "CloudRun") -> Iterator[str]:
    """A notification is put once."""
    for bucket, objects in run.buckets.objects.items():
        for key, versions in objects.items():
            if key.startswith("camt054/") and len(versions) > 1:
                yield f"{bucket}: {key} was replaced"


def two_events(run: "CloudRun", books: Books) -> Iterator[str]:
    """Of a pair the response alone is told: the request that it answers never goes on."""
    authorized = TransactionAuthorized.detail_type()
    told = {
        event.content["detail"]["data"]["ingest_id"]
        for event in run.bus.archive
        if event.content["detail-type"] == authorized
    }
    for ingest_id, row in books.parked.items():
        if is_answered(row) and ingest_id in told:
            yield f"{ingest_id} is answered by {row['response']}, and was told by itself"


def refused_though_answered(books: Books) -> Iterator[str]:
    """No request goes on for want of a response that was booked by then."""
    booked_at = {
        header["ingest_id"]: datetime.fromisoformat(header["booked_at"])
        for header in books.headers.values()
        if is_primary(header)
    }
    responses = {
        part.key: ingest_id
        for ingest_id in booked_at
        if ingest_id in books.inbox
        and (part := part_of_row(books.inbox[ingest_id])) is not None
        and part.role == RESPONSE
    }
    for ingest_id, row in books.parked.items():
        gone = [each for each in row["history"] if each.get("by") == "timers"]
        part = part_of_row(row) if gone else None
        response = responses.get(part.key) if part is not None else None
        if response is None:
            continue
        if booked_at[response] + _SKEW < datetime.fromisoformat(gone[0]["at"]):
            yield f"{ingest_id} went on without {response}, which was booked before"


def answered_late(evidence: Evidence, books: Books) -> Iterator[str]:
    """Where nothing went wrong, the later one of a pair ends the wait, and not the timer."""
    if evidence.run.faults.drawn:
        return
    for ingest_id, row in books.parked.items():
        if is_answered(row) and datetime.fromisoformat(row["history"][-1]["at"]) >= (
            datetime.fromisoformat(row["due_at"])
        ):
            response = books.inbox[row["response"]]
            if response["received_at"] < row["due_at"]:
                yield f"{ingest_id} waited for its timer, though {row['response']} had come"


def refused_before_its_time(books: Books) -> Iterator[str]:
    """Nobody refuses a request that did not wait; but a person may let it go on."""
    for ingest_id, row in books.parked.items():
        went_on = any(each.get("state") == "RELEASED" for each in row["history"])
        if row.get("code") == "REQUEST_WITHOUT_RESPONSE" and not went_on:
            yield f"{ingest_id} was refused as soon as it came"


def rejected_too_late(books: Books) -> Iterator[str]:
    """Nothing is rejected once its message is booked; clocks and writes may differ by a moment."""
    for ingest_id, row in books.parked.items():
        header = books.headers.get(f"J#{row.get('msg_id')}")
        if row["reason"] != "REJECTED" or header is None:
            continue
        rejected, booked = (
            datetime.fromisoformat(each) for each in (row["parked_at"], header["booked_at"])
        )
        if rejected > booked + _SKEW:
            yield f"{ingest_id} is rejected after {header['pk']} was booked"
