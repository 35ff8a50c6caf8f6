"""Processes die and replies are lost in the middle of a batch: afterwards everything is accounted
for, booked once, announced and folded, and the books balance.
"""

import time
from pathlib import Path

import pytest

import local
from tests.engine.faulty_way import faulty_way
from tests.engine.live import Stack, eventually
from tests.engine.load import PATIENCE, Load
from tests.engine.messages import purchase
from tests.engine.stopping import Reaper, kill_companion, redelivery_after, stop_engine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

REDELIVERY_SECONDS = 4
# Ingest is left out: the caller's retry would wait half a minute for its idempotency record.
SPARED = frozenset({"Ingest", "LoadReference"})
KILLS = 10
# Long enough for some records to be on their way, too short for all of them.
FORWARDING_SECONDS = 0.4


@pytest.fixture
def load(stack: Stack, tmp_path: Path) -> Load:
    return Load(stack, tmp_path)


def test_killed_functions_lose_nothing_and_book_nothing_twice(stack: Stack, load: Load) -> None:
    reaper = Reaper(deaths_of_each=3, spared=SPARED)
    with redelivery_after(stack, REDELIVERY_SECONDS):
        with reaper.at_work():
            load.send()
            stack.wait_for(load.watch, PATIENCE)

        load.check()

    assert {"IngestFile", "Deduplicate", "Enrich", "Post", "Fold"} <= set(reaper.died)


def test_lost_replies_are_not_taken_for_refusals(stack: Stack, load: Load, tmp_path: Path) -> None:
    with faulty_way(tmp_path / "way.log") as way, redelivery_after(stack, REDELIVERY_SECONDS):
        way.lose_replies("dynamodb", "TransactWriteItems", 0.2)
        way.lose_replies("events", "PutEvents", 0.3)
        for table in ("Inbox", "Claims", "Parked", "Vault"):
            way.lose_replies("dynamodb", "PutItem", 0.15, resource=stack.system.table(table))
        load.send()
        load.check()
        lost = way.faults()

    assert lost["TransactWriteItems"] > 5
    assert {"PutItem", "PutEvents"} <= lost.keys()


def test_ten_kills_and_a_tenth_of_all_replies_lost_in_one_batch_leave_the_audit_clean(
    stack: Stack, tmp_path: Path
) -> None:
    load = Load(stack, tmp_path, messages=120, repeated=12)
    reaper = Reaper(deaths_of_each=4, spared=SPARED)
    with faulty_way(tmp_path / "way.log") as way, redelivery_after(stack, REDELIVERY_SECONDS):
        way.lose_replies("*", None, share=0.1)
        with reaper.at_work():
            load.send()
            eventually(lambda: _half_done(load) and len(reaper.died) >= KILLS, PATIENCE)
        lost = sum(way.faults().values())
        way.clear()

        load.mend()
        load.check()

    assert len(reaper.died) >= KILLS
    # A message costs some calls of its own and a share of those for a batch.
    assert lost >= load.total // 4


def _half_done(load: Load) -> bool:
    load.watch.poll()
    return len(load.watch.outcomes) * 2 >= load.total


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
