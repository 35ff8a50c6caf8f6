"""What is lost between two hops is found and sent again, under the same ids: sweep, republish,
rebuild-balances.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import identity
from domain.announcement import posted_event_id
from tests.engine.live import Stack, eventually
from tests.engine.messages import purchase
from tests.engine.stopping import Pipe

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

# Long before anything else in the tables, so that a sweep of that time meets these records only.
OPEN_SINCE = timedelta(hours=3)
YOUNGEST_MINUTES = 175


@pytest.fixture
def long_ago(stack: Stack) -> Iterator[datetime]:
    """A sweep begins there; afterwards, as every other test expects, in the present again."""
    began = datetime.now(UTC)
    yield began - OPEN_SINCE
    stack.sweep_from(began)


def sweep(stack: Stack, *ingest_ids: str, at: datetime, dry_run: bool = False) -> dict[str, Any]:
    """Date records back to that moment and sweep it."""
    dynamodb = stack.client("dynamodb")
    for ingest_id in ingest_ids:
        minute = identity.minute_shard(at.isoformat(), ingest_id)
        dynamodb.update_item(
            TableName=stack.system.table("Inbox"),
            Key={"ingest_id": {"S": ingest_id}},
            UpdateExpression="SET received_minute = :minute",
            ExpressionAttributeValues={":minute": {"S": minute}},
        )
    stack.sweep_from(at)
    return stack.invoke("Sweep", dry_run=dry_run, min_age_minutes=YOUNGEST_MINUTES)


def test_a_record_whose_stream_record_is_lost_is_swept_onto_the_bus(
    stack: Stack, long_ago: datetime
) -> None:
    holder = stack.holder()
    with Pipe(stack, "Inbox").losing_records():
        lost, repeat = stack.send(*[purchase(holder.card_number, 4_500)] * 2)
    assert stack.row("Claims", msg_id=lost.msg_id or "") == {}
    both = {lost.ingest_id, repeat.ingest_id}

    seen = sweep(stack, *both, at=long_ago, dry_run=True)
    swept = sweep(stack, *both, at=long_ago)

    assert set(seen["resent"]) == both
    outcomes = stack.outcomes([lost.ingest_id, repeat.ingest_id])
    first, second = sorted(outcomes.values(), key=lambda each: each.kind, reverse=True)
    assert (first.kind, second.kind, second.original) == ("POSTED", "DUPLICATE", first.ingest_id)
    assert (swept["resent"], swept["parked"]) == ([first.ingest_id], [second.ingest_id])
    said = stack.ear.first(detail_type="TransactionAuthorized", ingest_id=first.ingest_id)
    assert said["detail"]["meta"]["event_id"] == identity.event_id(
        lost.msg_id or "", first.ingest_id, "TransactionAuthorized"
    )


def test_a_sweep_leaves_alone_what_has_its_outcome(stack: Stack, long_ago: datetime) -> None:
    (outcome,) = stack.post(purchase(stack.holder().card_number, 4_500))

    swept = sweep(stack, outcome.ingest_id, at=long_ago)

    assert swept["seen"] >= 1
    assert swept["resent"] == swept["parked"] == []


def test_a_lost_announcement_is_made_again_with_its_id(stack: Stack) -> None:
    began = datetime.now(UTC)
    holder = stack.holder()
    with Pipe(stack, "Journal").losing_records():
        (outcome,) = stack.post(purchase(holder.card_number, 4_500))
    header_id = outcome.header_id or ""
    assert stack.ear.heard(header_id=header_id) == []

    told = stack.invoke("Republish", since=began.isoformat(), until=datetime.now(UTC).isoformat())

    assert header_id in told["republished"]
    said = stack.ear.first(header_id=header_id)
    assert said["detail"]["meta"]["event_id"] == posted_event_id(header_id)
    assert said["detail"]["data"]["legs"] == stack.header(header_id)["legs"]

    def nothing_left() -> bool:
        now = datetime.now(UTC).isoformat()
        again = stack.invoke("Republish", since=began.isoformat(), until=now, dry_run=True)
        return header_id not in again["republished"]

    # The audit trail is where it looks, and that is gathered for some seconds.
    eventually(nothing_left)


def test_a_lost_fold_is_made_good_and_counts_once_when_it_comes_after_all(stack: Stack) -> None:
    began, account = datetime.now(UTC), "settle:AMEX:EUR"
    message = purchase(stack.holder().card_number, 4_500, network="AMEX")
    before = stack.balance(account).get("posted_c", 0)
    with stack.mapping_stopped("/stream/"):
        (receipt,) = stack.send(message)
        header_id = f"J#{receipt.msg_id}"
        eventually(lambda: stack.header(header_id))
        window = {"since": began.isoformat(), "until": datetime.now(UTC).isoformat()}
        told = stack.invoke("RebuildBalances", **window)
        rebuilt = stack.balance(account)["posted_c"]
    assert header_id in told["folded"]
    assert rebuilt == before + 4_500

    # Now the stream delivers what was folded already, and one more.
    stack.post(purchase(stack.holder().card_number, 100, network="AMEX"))

    assert stack.balance(account)["posted_c"] == before + 4_600
    assert stack.invoke("RebuildBalances", **window)["folded"] == []
