"""The wire between the functions and the services is bad while a batch is on its way. When it is
good again, the commands that an operator has mend what is left: nothing is lost or booked twice.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import api_door
from cli.errors import UserError
from cli.submission import new_submission_id
from tests.engine.faulty_way import Error, FaultyWay, faulty_way
from tests.engine.leak_scan import Leak, Scanner
from tests.engine.live import Stack, eventually
from tests.engine.load import PATIENCE, Load
from tests.engine.messages import as_jsonl, purchase
from tests.engine.stopping import redelivery_after
from tests.engine.stores import Stores

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

REDELIVERY_SECONDS = 4
MESSAGES, REPEATED = 30, 3
TENTH = 10
# The SDK makes four attempts at a call.
OUTLASTING = 5
# The tables of the money path; a lost answer of Idempotency makes a caller wait for half a minute.
WRITTEN = ("Inbox", "Claims", "Parked")
READ = ("GetItem", "BatchGetItem", "Query")

THROTTLED: Error = ("ThrottlingException", 400)
TOO_FAST: Error = ("ProvisionedThroughputExceededException", 400)
BROKEN: Error = ("InternalServerError", 500)
FAILED: Error = ("InternalFailure", 500)
AWAY: Error = ("ServiceUnavailable", 503)
SKEWED: Error = ("RequestTimeTooSkewed", 403)


@pytest.fixture(scope="module")
def way_there(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyWay]:
    with faulty_way(tmp_path_factory.mktemp("way") / "way.log") as made:
        yield made


@pytest.fixture
def way(way_there: FaultyWay) -> Iterator[FaultyWay]:
    way_there.forget()
    yield way_there
    way_there.clear()


def throttles(way: FaultyWay, stack: Stack) -> None:
    """More than the SDK's own repeats get over, and then a share of all calls."""
    way.refuse("dynamodb", "TransactWriteItems", THROTTLED, times=OUTLASTING)
    way.refuse("events", "PutEvents", THROTTLED, times=OUTLASTING)
    way.refuse("dynamodb", "TransactWriteItems", TOO_FAST, share=0.15)
    for operation in READ:
        way.refuse("dynamodb", operation, TOO_FAST, share=0.15)
    for table in WRITTEN:
        way.refuse("dynamodb", "PutItem", TOO_FAST, share=0.15, resource=stack.system.table(table))


def errors_of_the_services(way: FaultyWay, stack: Stack) -> None:
    way.refuse("dynamodb", "TransactWriteItems", BROKEN, times=OUTLASTING)
    way.refuse("events", "PutEvents", FAILED, times=OUTLASTING)
    way.refuse("s3", "GetObject", AWAY, times=OUTLASTING)
    way.refuse("dynamodb", "TransactWriteItems", BROKEN, share=0.15)
    for operation in READ:
        way.refuse("dynamodb", operation, BROKEN, share=0.15)
    for table in WRITTEN:
        way.refuse("dynamodb", "PutItem", BROKEN, share=0.15, resource=stack.system.table(table))


def lost_replies(way: FaultyWay, stack: Stack) -> None:
    """The work is done, and neither the caller nor its repeats hear of it."""
    way.lose_replies("dynamodb", "TransactWriteItems", times=OUTLASTING)
    way.lose_replies("events", "PutEvents", times=OUTLASTING)
    way.lose_replies("dynamodb", "TransactWriteItems", share=0.2)
    for operation in READ:
        way.lose_replies("dynamodb", operation, share=0.1)
    for table in WRITTEN:
        name = stack.system.table(table)
        way.lose_replies("dynamodb", "PutItem", times=OUTLASTING, resource=name)
        way.lose_replies("dynamodb", "PutItem", share=0.2, resource=name)


def a_wrong_clock(way: FaultyWay, stack: Stack) -> None:
    """Signatures are refused. The SDK does not repeat such a call: each costs a delivery."""
    way.refuse("dynamodb", "TransactWriteItems", SKEWED, times=5)
    way.refuse("events", "PutEvents", SKEWED, times=3)
    way.refuse("s3", "GetObject", SKEWED, times=1)
    for table in WRITTEN:
        way.refuse("dynamodb", "PutItem", SKEWED, times=2, resource=stack.system.table(table))


@pytest.mark.parametrize(
    ("goes_wrong", "met"),
    [
        (throttles, {"TransactWriteItems": OUTLASTING, "PutEvents": OUTLASTING}),
        (errors_of_the_services, {"TransactWriteItems": OUTLASTING, "GetObject": OUTLASTING}),
        (lost_replies, {"TransactWriteItems": OUTLASTING, "PutItem": OUTLASTING}),
        (a_wrong_clock, {"TransactWriteItems": 5, "PutEvents": 3, "PutItem": 4}),
    ],
    ids=["throttles", "errors of the services", "lost replies", "a wrong clock"],
)
def test_after_a_bad_wire_every_message_has_its_outcome_once(
    stack: Stack,
    way: FaultyWay,
    tmp_path: Path,
    goes_wrong: Callable[[FaultyWay, Stack], None],
    met: dict[str, int],
) -> None:
    load = Load(stack, tmp_path, MESSAGES, REPEATED)
    with redelivery_after(stack, REDELIVERY_SECONDS):
        goes_wrong(way, stack)
        load.send()
        # Until the faults have met the batch on its way, and not only at the door.
        eventually(lambda: _at_least(way.faults(), met), PATIENCE)
        way.clear()

        load.mend()
        load.check()


def _at_least(faults: dict[str, int], wanted: dict[str, int]) -> bool:
    return all(faults.get(operation, 0) >= count for operation, count in wanted.items())


def test_while_the_key_is_away_new_cards_wait_outside_and_nothing_is_stored_in_clear(
    stack: Stack, way: FaultyWay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = stack.holder()
    strangers = [stack.card_number() for _ in range(2 * TENTH)]
    known = [purchase(holder.card_number, 2_000 + n) for n in range(TENTH)]
    by_api, by_file = (
        [purchase(card, 3_000) for card in some] for some in (strangers[:TENTH], strangers[TENTH:])
    )
    key, before = new_submission_id(), _received(stack)
    with redelivery_after(stack, REDELIVERY_SECONDS):
        way.preset("kms-outage")
        landed = stack.land_messages(tmp_path / "day.jsonl", by_file, as_jsonl)
        with monkeypatch.context() as patch:
            # The caller does not try again by itself.
            patch.setattr(api_door, "ATTEMPTS", 1)
            with pytest.raises(UserError, match="HTTP 503"):
                stack.send(*by_api, key=key)
        eventually(lambda: way.faults().get("Encrypt", 0) > OUTLASTING)

        # A card that has its token needs no key.
        assert {outcome.kind for outcome in stack.post(*known)} == {"POSTED"}
        assert len(_received(stack) - before) == TENTH
        assert _in_clear(stack, strangers) == []

        way.clear()
        receipts = stack.send(*by_api, key=key)
        late = stack.outcomes([receipt.ingest_id for receipt in receipts], [landed])

    assert [outcome.kind for outcome in late.values()] == ["SUSPENDED"] * len(strangers)
    stack.audit()


def _received(stack: Stack) -> set[str]:
    """The ids of all records in the Inbox."""
    table = stack.system.table("Inbox")
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return {item["ingest_id"]["S"] for page in pages for item in page["Items"]}


def _in_clear(stack: Stack, cards: list[str]) -> list[Leak]:
    """Where these card numbers can be read, of all tables and logs."""
    stores, scanner = Stores(stack), Scanner(cards, {"plain", "spaced", "dashed", "hex"})
    places = itertools.chain(stores.tables(), stores.logs())
    return [leak for place, content in places for leak in scanner.leaks_in(content, place)]
