"""What many cards on one account cost: derivations, transactions and conflicts for each booking,
booked singly by several posters at once, and in batches.

    PYTHONPATH=src:. python -m bench.hot_account [--records 400] [--posters 1 4 16 50]

The posters are the system's own, over the tables in memory. A call takes as long as it is said to
(`--read-ms`, `--write-ms`), and a transaction holds its items meanwhile: that of a rival meets a
conflict, as in DynamoDB. Batches have one poster: of a group, a FIFO queue hands out one batch at a
time. What gives up (Unavailable) comes again at once, which a real queue lets wait for minutes.
"""

import argparse
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from adapters.derivation import Derivation, Derived
from domain.errors import Unavailable
from domain.events import TransactionPostingApproved
from tests.fakes.dynamodb import MemoryDynamoDB
from tests.unit.ledger_tables import Tables
from tests.unit.payment_messages import approved

BATCH = 10
_COLUMNS = ("derivations", "transactions", "conflicts", "refused", "gave up", "a second")
HEADING = f"{'for each booking':<20}{''.join(f'{name:>13}' for name in _COLUMNS)}\n"


@dataclass(slots=True)
class Cost:
    """Of one run over `records`."""

    records: int
    derivations: int = 0
    transactions: int = 0
    conflicts: int = 0
    refused: int = 0
    gave_up: int = 0
    seconds: float = 0.0

    def line(self, name: str) -> str:
        each = (self.derivations, self.transactions, self.conflicts, self.refused)
        shares = "".join(f"{count / self.records:>13.2f}" for count in each)
        rate = self.records / self.seconds
        return f"{name:<20}{shares}{self.gave_up:>13}{rate:>13.0f}\n"


class Rivals:
    """The tables' client with the time that calls take, and the conflicts that come of it."""

    def __init__(self, tables: MemoryDynamoDB, cost: Cost, read: float, write: float) -> None:
        self._tables = tables
        self._cost = cost
        self._read, self._write = read, write
        self._lock = threading.Lock()
        self._held: set[Any] = set()

    def get_item(self, **request: Any) -> Any:
        return self._reading(self._tables.get_item, request)

    def batch_get_item(self, **request: Any) -> Any:
        return self._reading(self._tables.batch_get_item, request)

    def transact_write_items(self, **request: Any) -> Any:
        items = [_place(action) for action in request["TransactItems"]]
        with self._lock:
            self._cost.transactions += 1
            busy = [each in self._held for each in items]
            if any(busy):
                self._cost.conflicts += 1
                raise _conflict(busy)
            self._held.update(items)
        time.sleep(self._write)
        with self._lock:
            self._held.difference_update(items)
            try:
                return self._tables.transact_write_items(**request)
            except ClientError:
                self._cost.refused += 1
                raise

    def put_item(self, **request: Any) -> Any:
        return self._tables.put_item(**request)

    def _reading(self, call: Callable[..., Any], request: Any) -> Any:
        time.sleep(self._read)
        with self._lock:
            return call(**request)


def _place(action: dict[str, Any]) -> tuple[str, str]:
    (request,) = action.values()
    item = request.get("Item") or request["Key"]
    names = ("pk", "sk") if "pk" in item else ("ingest_id",)
    return request["TableName"], "|".join(item[name]["S"] for name in names if name in item)


def _conflict(busy: Sequence[bool]) -> ClientError:
    reasons = [{"Code": "TransactionConflict" if each else "None"} for each in busy]
    code = "TransactionCanceledException"
    answer: Any = {"Error": {"Code": code, "Message": code}, "CancellationReasons": reasons}
    return ClientError(answer, "TransactWriteItems")


def counting(cost: Cost) -> Any:
    """Inside, each derivation counts."""
    whole = Derivation.derive

    def derive(*args: Any) -> Derived:
        cost.derivations += 1
        return whole(*args)

    return patch.object(Derivation, "derive", derive)


def purchases(records: int) -> list[TransactionPostingApproved]:
    """Each of a payment of its own."""
    return [approved("0210", f"{n:06}", 100, de37=f"6324{n:08}") for n in range(1, records + 1)]


class Run:
    """So many records, booked by so many posters, each `size` at a time."""

    def __init__(self, records: int, posters: int, size: int, read: float, write: float) -> None:
        self.cost = Cost(records)
        self._tables = Tables(lambda memory: Rivals(memory, self.cost, read, write))
        self._tables.open_account(limit=10**9)
        self._size, self._posters = size, posters
        self._waiting: queue.SimpleQueue[list[TransactionPostingApproved]] = queue.SimpleQueue()
        events = purchases(records)
        for at in range(0, records, size):
            self._waiting.put(events[at : at + size])

    def measured(self) -> Cost:
        threads = [threading.Thread(target=self._work) for _ in range(self._posters)]
        began = time.monotonic()
        with counting(self.cost):
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        self.cost.seconds = time.monotonic() - began
        if self._tables.balance() != -100 * self.cost.records:
            raise RuntimeError("not every record is booked once")
        return self.cost

    def _work(self) -> None:
        while True:
            try:
                batch = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._post(batch)
            except Unavailable:
                self.cost.gave_up += 1
                self._waiting.put(batch)

    def _post(self, batch: list[TransactionPostingApproved]) -> None:
        if self._size == 1:
            self._tables.poster.post(batch[0])
        else:
            list(self._tables.batch.post(batch))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=400)
    parser.add_argument("--posters", type=int, nargs="+", default=[1, 4, 16, 50])
    parser.add_argument("--read-ms", type=float, default=3.0)
    parser.add_argument("--write-ms", type=float, default=10.0)
    given = parser.parse_args()
    times = given.read_ms / 1000, given.write_ms / 1000
    sys.stdout.write(HEADING)
    for posters in given.posters:
        cost = Run(given.records, posters, 1, *times).measured()
        sys.stdout.write(cost.line(f"single, {posters} at once"))
    sys.stdout.write(Run(given.records, 1, BATCH, *times).measured().line(f"batches of {BATCH}"))


if __name__ == "__main__":
    main()
