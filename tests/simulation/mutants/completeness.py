"""Whether each condition of the database is taken away by a mutant, or by a step with its test."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tests.simulation.deployment import Base
from tests.simulation.errands import errands
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.run import simulate

_SEEDS = 60
_KEYS = ("pk", "ingest_id", "msg_id", "id")
# Whether a mutant takes a condition away may lie at the rest of the request: of so many of each.
_LOOKED_AT = 20

# Looked after elsewhere: by a step of tests.taken_away with a test of its own, or not ours.
ELSEWHERE: Mapping[tuple[str, str, str], str] = {
    ("ReferenceTable", "A#", "attribute_not_exists(pk)"): "an account is opened once",
    ("ReferenceTable", "A#", "version = :version"): "an account's row is the one that was read",
    ("ReferenceTable", "RULES", "attribute_not_exists(pk)"): (
        "the first rule set is put in force once"
    ),
    ("ReferenceTable", "RULES", "rule_version = :was"): (
        "an activation follows the one that it has read"
    ),
    ("JournalTable", "ORDER#", "attribute_not_exists(pk)"): "who asked first has asked",
    ("ParkedTable", "D#", "attribute_not_exists(ingest_id)"): (
        "the first record of a content stays the first"
    ),
    ("ParkedTable", "", "#state = :released"): "what waits again stays in the index",
}
# Powertools' own: the answer to a request that came before.
_LIBRARY = "IdempotencyTable"


class Asked(NamedTuple):
    """A condition as a request has it: of items whose key begins so."""

    table: str
    prefix: str
    condition: str


def without_a_mutant(base: Base, mutants: Iterable[Mutant]) -> list[Asked]:
    """Conditions that are asked in some runs and that nothing takes away."""
    amends = [each.amend for each in mutants if each.amend is not None]
    times: dict[Asked, int] = {}
    taken: set[Asked] = set()

    def look(task: str, operation: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        for request, asked in _asked(kwargs):
            times[asked] = times.get(asked, 0) + 1
            if asked not in taken and times[asked] <= _LOOKED_AT:
                alone = {"TransactItems": [request]} if "TransactItems" in kwargs else request
                if any(amend(task, operation, alone) != alone for amend in amends):
                    taken.add(asked)
        return kwargs

    watched = replace(base, deployment=replace(base.deployment, amend=look))
    errands(watched)
    for seed in range(1, _SEEDS + 1):
        simulate(watched, seed, thorough=False)
    return sorted(times.keys() - taken - ELSEWHERE.keys())


def _asked(kwargs: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Asked]]:
    for action in kwargs.get("TransactItems", [kwargs]):
        request = next(iter(action.values())) if "TransactItems" in kwargs else action
        if "ConditionExpression" in request and request["TableName"] != _LIBRARY:
            key = request.get("Item") or request["Key"]
            (name,) = [each for each in _KEYS if each in key][:1]
            before, mark, _ = key[name]["S"].partition("#")
            # Ids of records and messages have no kind before them.
            prefix = f"{before}{mark}" if mark or name == "pk" else ""
            yield action, Asked(request["TableName"], prefix, request["ConditionExpression"])
