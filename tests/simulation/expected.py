"""What becomes of each message, where nobody interfered with it or its account."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.audit.exactly_once import is_primary
from cli.audit.reading import Books
from tests.simulation.people import People
from tests.simulation.scenario import Planned, Scenario

type Row = dict[str, Any]

_REPEATS = {"DUPLICATE", "CONFLICT"}
# A refund of what a dispute has credited.
_GIVEN_BACK = "SUSPEND MORE_THAN_CLEARED"


def unexpected(scenario: Scenario, people: People, books: Books) -> Iterator[str]:
    booked = {row["ingest_id"]: row for row in books.headers.values() if is_primary(row)}
    groups: dict[str, list[Planned]] = defaultdict(list)
    for number, each in enumerate(scenario.planned):
        groups[each.group or f"alone {number}"].append(each)
    for name, group in groups.items():
        records = [ingest_id for each in group for ingest_id in dict.fromkeys(each.ingest_ids)]
        if any(each.account in people.touched for each in group):
            continue
        if people.decided.intersection(records):
            continue
        told = sorted(_outcome(each, booked, books.parked) for each in records)
        disputed = group[0].account in people.disputed
        if not _fits(group[0], told, disputed=disputed):
            yield f"{name}: expected {group[0].expected}, found {told}"


def _outcome(ingest_id: str, booked: Mapping[str, Row], parked: Mapping[str, Row]) -> str:
    if ingest_id in booked:
        header = booked[ingest_id]
        return f"{header['purpose']} {header.get('reason') or ''}".strip()
    if ingest_id in parked:
        row = parked[ingest_id]
        state = "" if row["state"] == "PARKED" else f" {row['state']}"
        return f"{row['reason']} {row['code']}{state}"
    return "NOTHING"


def _fits(first: Planned, told: Sequence[str], *, disputed: bool) -> bool:
    wanted = first.expected
    match wanted.outcome:
        case "INVALID":
            return all(each.startswith("INVALID") for each in told)
        case "PRESENTED":
            return told == ["CLEAR", "SUSPEND POSSIBLE_SECOND_PRESENTMENT"]
        case "CONTESTED":
            settled = [each for each in told if each.split()[0] not in _REPEATS]
            return settled in (["CLEAR"], ["REJECTED DECLINED"])
    settled = [each for each in told if each.split()[0] not in _REPEATS]
    if wanted.one_of:
        credited = {_GIVEN_BACK} if disputed and wanted.outcome == "REFUND" else set()
        return len(settled) == 1 and settled[0] in wanted.one_of | credited
    return settled == [f"{wanted.outcome} {wanted.why or ''}".strip()]
