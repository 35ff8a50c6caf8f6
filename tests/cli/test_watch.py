"""Records are watched until each has its outcome; what is settled is not read again."""

from typing import Any

import pytest

from adapters.items import to_item
from cli.landing_door import Landed
from cli.watch import Watch
from domain.identity import distinct_message_id
from tests.cli.sample_books import (
    CHANGED,
    PURCHASE,
    PURCHASE_HEADER,
    REPEAT,
    SUSPENDED,
    SUSPENSE_HEADER,
    Row,
    books,
    parked,
)
from tests.fakes.dynamodb import MemoryDynamoDB, Table

KEYS = {
    "Inbox": ("ingest_id",),
    "Parked": ("ingest_id",),
    "Claims": ("msg_id",),
    "Journal": ("pk", "sk"),
    "Balances": ("pk",),
}


class Tables:
    """What the watch needs of a system."""

    def __init__(self) -> None:
        self.dynamodb = MemoryDynamoDB({kind: Table(*key) for kind, key in KEYS.items()})

    def client(self, service: str) -> MemoryDynamoDB:
        assert service == "dynamodb"
        return self.dynamodb

    def table(self, kind: str) -> str:
        return kind

    def put(self, kind: str, row: Row) -> None:
        self.dynamodb.put_item(TableName=kind, Item=to_item(row))


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def watch(tables: Tables) -> Watch:
    system: Any = tables
    return Watch(system)


def test_a_record_is_received_before_it_has_its_outcome(tables: Tables, watch: Watch) -> None:
    watch.add([PURCHASE])
    assert (watch.poll(), watch.received) == (0, 0)

    tables.put("Inbox", books().inbox[PURCHASE])
    assert (watch.poll(), watch.received) == (0, 1)

    tables.put("Journal", books().headers[PURCHASE_HEADER])
    assert (watch.poll(), set(watch.open)) == (1, set())
    assert watch.outcomes[PURCHASE].kind == "POSTED"


def test_a_repeat_is_settled_by_its_parked_row_although_its_message_is_booked(
    tables: Tables, watch: Watch
) -> None:
    for ingest_id in (PURCHASE, REPEAT):
        tables.put("Inbox", books().inbox[ingest_id])
    tables.put("Journal", books().headers[PURCHASE_HEADER])
    watch.add([PURCHASE, REPEAT])

    watch.poll()
    assert set(watch.open) == {REPEAT}

    tables.put("Parked", books().parked[REPEAT])
    watch.poll()
    assert watch.outcomes[REPEAT].original == PURCHASE


def test_an_invalid_record_has_no_inbox_row_and_an_outcome(tables: Tables, watch: Watch) -> None:
    tables.put("Parked", parked("ing_bad", "INVALID", "FORMAT"))
    watch.add(["ing_bad"])

    watch.poll()

    assert (watch.outcomes["ing_bad"].why, watch.received) == ("FORMAT", 1)


def test_a_record_released_as_distinct_is_booked_under_its_own_message(
    tables: Tables, watch: Watch
) -> None:
    distinct = distinct_message_id("msg_purchase", CHANGED)
    booked = books().headers[PURCHASE_HEADER] | {
        "pk": f"J#{distinct}",
        "header_id": f"J#{distinct}",
        "ingest_id": CHANGED,
    }
    tables.put("Inbox", books().inbox[CHANGED])
    tables.put("Parked", books().parked[CHANGED] | {"state": "RELEASED", "msg_id": distinct})
    tables.put("Journal", booked)
    watch.add([CHANGED])

    watch.poll()

    assert watch.outcomes[CHANGED].header_id == f"J#{distinct}"


def test_a_file_refused_as_a_whole_is_one_outcome(tables: Tables, watch: Watch) -> None:
    landed = Landed("day.bin", "k", "v", True, "ing_file", ("ing_0", "ing_1"), again=False)
    watch.add_file(landed)
    assert watch.total == 2

    tables.put("Parked", parked("ing_file", "INVALID", "MANIFEST"))
    watch.poll()

    assert (set(watch.open), list(watch.outcomes)) == (set(), ["ing_file"])


def test_a_booking_counts_as_unfolded_until_its_marker_is_there(
    tables: Tables, watch: Watch
) -> None:
    tables.put("Inbox", books().inbox[SUSPENDED])
    tables.put("Journal", books().headers[SUSPENSE_HEADER])
    watch.add([SUSPENDED])
    watch.poll()
    assert watch.unfolded() == 1

    tables.put("Balances", {"pk": f"F#{SUSPENSE_HEADER}"})
    assert watch.unfolded() == 0


def test_a_claim_counts_for_its_owner_only(tables: Tables, watch: Watch) -> None:
    for ingest_id in (PURCHASE, REPEAT):
        tables.put("Inbox", books().inbox[ingest_id])
    tables.put("Journal", books().headers[PURCHASE_HEADER])
    tables.put("Parked", books().parked[REPEAT])
    tables.put("Claims", {"msg_id": "msg_purchase", "owner": PURCHASE, "claimed_at": "later"})
    watch.add([PURCHASE, REPEAT])
    watch.poll()

    claimed = {outcome.ingest_id: outcome.claimed_at for outcome in watch.with_claims()}

    assert claimed == {PURCHASE: "later", REPEAT: None}


def test_what_waits_is_read_again_until_its_message_has_come(tables: Tables, watch: Watch) -> None:
    of = books()
    row = of.parked[REPEAT] | {"reason": "PENDING_MATCH", "code": "NO_ORIGINAL"}
    tables.put("Inbox", of.inbox[REPEAT])
    tables.put("Parked", row)
    watch.add([REPEAT])

    watch.poll()
    assert (watch.outcomes[REPEAT].kind, watch.waiting) == ("WAITING", {REPEAT})

    header = of.headers[PURCHASE_HEADER] | {"ingest_id": REPEAT}
    tables.put("Journal", header | {"pk": f"J#{of.inbox[REPEAT]['msg_id']}"})
    tables.put("Parked", row | {"state": "RESOLVED"})
    watch.poll()
    assert (watch.outcomes[REPEAT].kind, watch.waiting) == ("POSTED", set())
