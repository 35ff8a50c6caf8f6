"""Processes die and replies are lost in the middle of a batch: afterwards everything is accounted
for, booked once, announced and folded, and the books balance.
"""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import local
from cli import trial_balance
from cli.errors import UserError
from cli.submission import new_submission_id
from cli.watch import Watch
from tests.engine.faulty_way import faulty_way
from tests.engine.live import Stack, eventually
from tests.engine.messages import Message, as_jsonl, changed, purchase
from tests.engine.stopping import Reaper, kill_companion, redelivery_after, stop_engine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(240)]

MESSAGES, REPEATED = 60, 6
REDELIVERY_SECONDS = 4
# Long enough for some records to be on their way, too short for all of them.
FORWARDING_SECONDS = 0.4
PATIENCE = 90.0
TRIES = 3


class Load:
    """Purchases by three customers, half through each door, and a few of them sent twice."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self._folder = folder
        self.began = datetime.now(UTC)
        self.holders = [stack.holder() for _ in range(3)]
        self.watch = Watch(stack.system)

    def send(self) -> None:
        cards = [holder.card_number for holder in self.holders]
        messages = [purchase(cards[n % 3], 1_000 + n) for n in range(MESSAGES)]
        half = MESSAGES // 2
        landed = self.stack.land_messages(self._folder / "load.jsonl", messages[:half], as_jsonl)
        self.watch.add_file(landed)
        again = [changed(message) for message in messages[half : half + REPEATED]]
        self.watch.add(self._sent([*messages[half:], *again]))

    def _sent(self, messages: list[Message]) -> list[str]:
        """Through the API, and as a person would: the same submission again until it is taken."""
        key = new_submission_id()
        for _ in range(TRIES):
            with contextlib.suppress(UserError):
                return [receipt.ingest_id for receipt in self.stack.send(*messages, key=key)]
        raise AssertionError("the API takes nothing in")

    def check(self) -> None:
        """Each message is booked once, each repeat is parked, and every invariant holds."""
        self.stack.wait_for(self.watch, PATIENCE)
        kinds = [outcome.kind for outcome in self.watch.outcomes.values()]
        assert (kinds.count("POSTED"), kinds.count("DUPLICATE")) == (MESSAGES, REPEATED)
        for n, holder in enumerate(self.holders):
            balance = self.stack.balance(holder.account)
            assert balance["available"] == -sum(range(1_000 + n, 1_000 + MESSAGES, 3))
            assert balance["posting_no"] == MESSAGES // 3
        self.stack.audit()
        assert trial_balance.read(self.stack.system).is_zero

    def mend(self) -> None:
        """What an operator runs after a crash of everything, in this order."""

        def nothing_open() -> bool:
            self.stack.sweep_now(self.began)
            deadline = time.monotonic() + 5.0
            while self.watch.open and time.monotonic() < deadline:
                self.watch.poll()
                time.sleep(0.2)
            return not self.watch.open

        eventually(nothing_open, PATIENCE)
        self.stack.quiet()
        until = datetime.now(UTC) + timedelta(minutes=1)
        window = {"since": self.began.isoformat(), "until": until.isoformat()}
        self.stack.invoke("RebuildBalances", **window)
        self.stack.invoke("Republish", **window)


@pytest.fixture
def load(stack: Stack, tmp_path: Path) -> Load:
    return Load(stack, tmp_path)


def test_killed_functions_lose_nothing_and_book_nothing_twice(stack: Stack, load: Load) -> None:
    # Without Ingest: the caller's retry would wait half a minute for its idempotency record.
    reaper = Reaper(deaths_of_each=3, spared=frozenset({"Ingest", "LoadReference"}))
    with redelivery_after(stack, REDELIVERY_SECONDS):
        with reaper.at_work():
            load.send()
            stack.wait_for(load.watch, PATIENCE)

        load.check()

    assert {"IngestFile", "Deduplicate", "Enrich", "Post", "Fold"} <= set(reaper.died)


def test_lost_replies_are_not_taken_for_refusals(stack: Stack, load: Load, tmp_path: Path) -> None:
    with faulty_way(tmp_path / "way.log") as way, redelivery_after(stack, REDELIVERY_SECONDS):
        way.lose_replies("dynamodb", "TransactWriteItems", 0.12)
        way.lose_replies("events", "PutEvents", 0.3)
        for table in ("Inbox", "Claims", "Parked", "Vault"):
            way.lose_replies("dynamodb", "PutItem", 0.15, stack.system.table(table))
        load.send()
        load.check()
        lost = way.lost()

    assert lost["TransactWriteItems"] > 5
    assert {"PutItem", "PutEvents"} <= lost.keys()


def test_a_restart_of_the_engine_in_mid_flight_is_mended_by_the_three_repairs(
    stack: Stack, load: Load
) -> None:
    with redelivery_after(stack, REDELIVERY_SECONDS):
        load.send()
        eventually(lambda: load.watch.poll() or load.watch.outcomes)
        stop_engine()
        local.up()

        load.mend()
        load.check()
        # And nothing has to be mended from now on.
        stack.post(purchase(load.holders[0].card_number, 100))


def test_a_killed_forwarder_in_mid_flight_loses_nothing(stack: Stack, load: Load) -> None:
    with redelivery_after(stack, REDELIVERY_SECONDS):
        load.send()
        for _ in range(3):
            time.sleep(FORWARDING_SECONDS)
            kill_companion()
            local.up()

        load.check()
