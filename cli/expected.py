"""What the sample batch says of itself: how many of its messages end where, on an empty ledger."""

import json
from collections.abc import Iterable
from pathlib import Path

from cli.outcomes import ANSWERED, POSTED, SUSPENDED, WAITING, Outcome
from cli.system import System

_REJECTED = "REJECTED"

type Counts = dict[str, dict[str, int]]


def read_expected(folder: Path) -> Counts:
    """{"posted": {"CLEAR": 3}, "parked": {"DUPLICATE": 1}, ...} from EXPECTED.json."""
    content = json.loads((folder / "EXPECTED.json").read_text(encoding="utf-8"))
    return dict(content["outcomes"])


def counted(outcomes: Iterable[Outcome]) -> Counts:
    """The outcomes in the form of EXPECTED.json."""
    counts: Counts = {}
    for outcome in outcomes:
        if outcome.kind in {POSTED, SUSPENDED, ANSWERED, WAITING, _REJECTED}:
            group, name = outcome.kind.lower(), outcome.why
        else:
            group, name = "parked", outcome.kind
        names = counts.setdefault(group, {})
        names[name] = names.get(name, 0) + 1
    return counts


def differences(expected: Counts, found: Counts) -> list[str]:
    """One line for each count that is another than expected."""
    lines = []
    for group in sorted(expected.keys() | found.keys()):
        wanted, got = expected.get(group, {}), found.get(group, {})
        lines += [
            f"{group} {name}: {got.get(name, 0)}, expected {wanted.get(name, 0)}"
            for name in sorted(wanted.keys() | got.keys())
            if wanted.get(name, 0) != got.get(name, 0)
        ]
    return lines


def nothing_received_yet(system: System) -> bool:
    """Only then is the batch's own statement true: a message sent before makes a repeat."""
    answer = system.client("dynamodb").scan(TableName=system.table("Inbox"), Limit=1)
    return not answer["Items"]
