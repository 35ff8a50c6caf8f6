"""What one transaction asks of AWS: write and read units by table, events, messages, objects.

    PYTHONPATH=src:. python -m bench.units [--each 100]

Counted, not modelled: the handlers of `template.yaml` run in the simulated cloud without faults,
and every call that they make is looked at. `--each` says of how many like transactions the mean is
taken, which are submitted in requests of a hundred, as the page on cost assumes. Units as DynamoDB
counts them: a write for each KB begun, twice that in a transaction; a strong read for each 4 KB
begun; a write for each entry of an index that is put or removed. Item sizes are those of DynamoDB's
own rules. Opening money and reference data are there before the counting begins.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from samples import make_reference
from tests.simulation.cloud import CloudRun, Streams
from tests.simulation.deployment import Base, ask, cards_of, deploy, load, settle
from tests.simulation.doors import Doors
from tests.simulation.scenario import BY_ID, FIRST_CARD, Expected, Planned, Scenario
from tests.simulation.seam import SEAM
from tests.unit.card_messages import elements

type Item = dict[str, Any]
type Told = Callable[[CloudRun], None]

# Each has a card; the products are those of the sample.
ACCOUNTS = tuple(
    account_id
    for account_id in FIRST_CARD
    if BY_ID[account_id].status == "OPEN" and BY_ID[account_id].currency == "EUR"
)
_KB, _READ_KB = 1024, 4 * 1024
_PER_REQUEST = 100
_SECONDS_APART = 3_600.0


@dataclass
class Units:
    """By (table, "write" or "read"), and by the name of any other operation."""

    of: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, place: str, kind: str, units: float) -> None:
        self.of[place, kind] = self.of.get((place, kind), 0.0) + units


class Counting:
    """Looks at every call of a run, and lets it pass."""

    def __init__(self) -> None:
        self.units = Units()
        self.on = False

    def look(self, _running: str, operation: str, kwargs: Item) -> Item:
        if self.on:
            for place, kind, units in _units(operation, kwargs):
                self.units.add(place, kind, units)
        return kwargs


def _units(operation: str, kwargs: Item) -> Iterator[tuple[str, str, float]]:
    counted = _COUNTED.get(operation)
    if counted is not None:
        yield from counted(kwargs)


def _transaction(kwargs: Item) -> Iterator[tuple[str, str, float]]:
    for action in kwargs["TransactItems"]:
        ((kind, request),) = action.items()
        yield from _write(kind, request, 2)


def _put_in_batch(kwargs: Item) -> Iterator[tuple[str, str, float]]:
    for table, puts in kwargs["RequestItems"].items():
        for put in puts:
            yield from _write("Put", {"TableName": table, **put["PutRequest"]}, 1)


def _get_in_batch(kwargs: Item) -> Iterator[tuple[str, str, float]]:
    for table, request in kwargs["RequestItems"].items():
        for key in request["Keys"]:
            yield table, "read", _read(table, key, request)


def _cloud() -> CloudRun:
    """The run that is counted."""
    if not isinstance(SEAM.cloud, CloudRun):
        raise RuntimeError("nothing is simulated")
    return SEAM.cloud


def _write(kind: str, request: Item, times: int) -> Iterator[tuple[str, str, float]]:
    """A condition that is checked is charged like a write."""
    table = request["TableName"]
    spec = _cloud().database.tables[table]
    key = spec.key_of(request.get("Item") or request["Key"])
    before = spec.items.get(key)
    after = request["Item"] if kind == "Put" else before or request["Key"]
    size = max(size_of(after), size_of(before or {}))
    yield table, "write", times * ceil(max(size, 1) / _KB)
    if kind == "Put":
        for hash_key, range_key in _cloud().plan.tables[table].indexes.values():
            places = [_entry(item, hash_key, range_key) for item in (before or {}, after)]
            if places[0] != places[1]:
                yield table, "index", sum(place is not None for place in places)


def _entry(item: Item, *keys: str) -> tuple[str, ...] | None:
    """Where an item stands in an index, if it does."""
    found = tuple(repr(item[key]) for key in keys if key in item)
    return found if len(found) == len(keys) else None


def _read(table: str, key: Item, request: Item) -> float:
    spec = _cloud().database.tables[table]
    size = size_of(spec.items.get(spec.key_of(key)) or {})
    return max(1, ceil(size / _READ_KB)) * (1.0 if request.get("ConsistentRead") else 0.5)


def size_of(item: Item) -> int:
    """Names and values: text by its bytes, a number by half its digits, a list by its parts."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Item) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.lstrip("-").rstrip("0")) // 2 + 2
        case "L":
            return 3 + sum(1 + _value(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name) + _value(each) for name, each in content.items())
        case _:
            return 1


_COUNTED: dict[str, Callable[[Item], Iterable[tuple[str, str, float]]]] = {
    "TransactWriteItems": _transaction,
    "BatchWriteItem": _put_in_batch,
    "BatchGetItem": _get_in_batch,
    "PutItem": lambda asked: _write("Put", asked, 1),
    "UpdateItem": lambda asked: _write("Update", asked, 1),
    "GetItem": lambda asked: [
        (asked["TableName"], "read", _read(asked["TableName"], asked["Key"], asked))
    ],
    "Query": lambda asked: [
        (asked["TableName"], "read", 1.0 if asked.get("ConsistentRead") else 0.5)
    ],
    "PutEvents": lambda asked: [("EventBridge", "put by code and workflow", len(asked["Entries"]))],
    "SendMessageBatch": lambda asked: [("SQS", "sent by functions", len(asked["Entries"]))],
    "SendMessage": lambda _asked: [("SQS", "sent by functions", 1)],
    "PutObject": lambda _asked: [("S3", "objects put", 1)],
}


# --- the transactions that are counted


def purchases(count: int, **changes: str) -> Iterator[Planned]:
    """Like purchases in one part (0210), each with references of its own."""
    for n in range(count):
        yield _message("0210", n, 2 * n, **changes)


def held_and_cleared(count: int) -> list[list[Planned]]:
    """All authorisations (0110), then all clearings (0220)."""
    return [
        [_message("0110", n, 2 * n, de4=f"{6_000:012}") for n in range(count)],
        [_message("0220", n, 2 * n + 1) for n in range(count)],
    ]


def _message(mti: str, n: int, stan: int, **changes: str) -> Planned:
    card = FIRST_CARD[ACCOUNTS[n % len(ACCOUNTS)]]
    de = {
        "de2": card.card_number,
        "de4": f"{100:012}",
        "de7": f"112010{n // 60 % 60:02}{n % 60:02}",
        "de11": f"{stan + 1:06}",
        "de37": f"6324{n:08}",
    }
    message = {"network": card.network, "mti": mti, "de": elements(**(de | changes))}
    return Planned("counted", message, 0.0, Expected("CLEAR"), "", None)


def counted(base: Base, counting: Counting, rounds: list[list[Planned]], then: Told) -> Units:
    """One run from the base: each round in requests of a hundred, an hour after the one before."""
    run = _run(base)
    counting.units, counting.on = Units(), True
    doors = Doors(run)
    requests = []
    for number, several in enumerate(rounds):
        for each in several:
            each.at = number * _SECONDS_APART
        requests += [several[at : at + _PER_REQUEST] for at in range(0, len(several), _PER_REQUEST)]
    doors.open(Scenario(requests, [], 0.0), run.clock.seconds)
    settle(run)
    then(run)
    settle(run)
    counting.on = False
    return counting.units


def disputed(action: str) -> Told:
    def order(run: CloudRun) -> None:
        rows = [row for row in run.books.rows("PaymentsTable") if row.get("cleared")]
        for row in rows:
            event = {"action": action, "id": row["payment_id"], "amount": row["cleared"]}
            event |= {"currency": row["currency"], "reason": "10.4", "by": "bench"}
            told = ask(run, "DisputeFunction", event)
            if told["result"] != "OPENED":
                raise RuntimeError(f"the dispute was not opened: {told}")

    return order


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.units", description=__doc__)
    parser.add_argument("--each", type=int, default=80, help="how many like transactions")
    count = parser.parse_args().each
    counting = Counting()
    base = widened(deploy(amend=counting.look))
    single = list(purchases(count))
    cases: list[tuple[str, list[list[Planned]], Told]] = [
        ("purchase in one part", [single], _nothing),
        ("foreign purchase", [list(purchases(count, de49="840", de19="840"))], _nothing),
        ("hold, then clearing", held_and_cleared(count), _nothing),
    ]
    found = {name: counted(base, counting, rounds, then) for name, rounds, then in cases}
    plain = counted(base, counting, [list(purchases(count))], _nothing)
    opened = counted(base, counting, [list(purchases(count))], disputed("open"))
    found["dispute opened, beside"] = Units(
        {place: units - plain.of.get(place, 0.0) for place, units in opened.of.items()}
    )
    _show(found, count)
    return 0


def widened(base: Base) -> Base:
    """With all open accounts in euros of the sample: on few, one would count how they meet."""
    run = _run(base)
    rows = [row for row in make_reference.accounts() if row["account_id"] in ACCOUNTS]
    load(run, "accounts", rows)
    load(run, "cards", cards_of(ACCOUNTS))
    settle(run)
    return Base(base.deployment, run.database.keep(), run.buckets.objects, run.clock.seconds)


def _run(base: Base) -> CloudRun:
    """A run from the base, without faults and schedules."""
    SEAM.clock.seconds = base.began
    run = CloudRun(base.deployment, SEAM.clock, Streams.of(1))
    run.faults.on, run.schedules.on = False, False
    SEAM.cloud = run
    base.deployment.deployed.forget()
    run.database.restore(base.tables)
    for bucket, objects in base.objects.items():
        run.buckets.objects[bucket] = {key: list(versions) for key, versions in objects.items()}
    return run


def _nothing(_run: CloudRun) -> None:
    pass


def _show(found: dict[str, Units], count: int) -> None:
    places = sorted({place for units in found.values() for place in units.of})
    sys.stdout.write(f"{'of one':34}" + "".join(f"{name:>26}" for name in found) + "\n")
    for place in places:
        numbers = "".join(f"{units.of.get(place, 0.0) / count:26.2f}" for units in found.values())
        sys.stdout.write(f"{' '.join(place):34}{numbers}\n")
    for kind in ("write", "index", "read"):
        numbers = "".join(f"{_sum(units, kind) / count:26.2f}" for units in found.values())
        sys.stdout.write(f"{'all tables ' + kind:34}{numbers}\n")


def _sum(units: Units, kind: str) -> float:
    return sum(each for (_, counted_as), each in units.of.items() if counted_as == kind)


if __name__ == "__main__":
    sys.exit(main())
