"""What is lost between two hops is found and sent again, under the same ids: sweep, republish,
rebuild-balances.
"""

from datetime import UTC, datetime, timedelta

import pytest

from domain import identity
from domain.announcement import posted_event_id
from tests.engine.live import Stack, eventually
from tests.engine.messages import purchase
from tests.engine.stopping import Pipe

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

OPEN_SINCE = timedelta(minutes=4)


def age(stack: Stack, ingest_id: str) -> None:
    """Date a record back, so that its minute is over, and let the sweep begin before it."""
    then = datetime.now(UTC) - OPEN_SINCE
    minute = identity.minute_shard(then.isoformat(), ingest_id)
    dynamodb = stack.client("dynamodb")
    dynamodb.update_item(
        TableName=stack.system.table("Inbox"),
        Key={"ingest_id": {"S": ingest_id}},
        UpdateExpression="SET received_minute = :minute",
        ExpressionAttributeValues={":minute": {"S": minute}},
    )
    before = (then - timedelta(minutes=1)).replace(second=0, microsecond=0).isoformat()
    dynamodb.put_item(
        TableName=stack.system.table("Claims"),
        Item={"msg_id": {"S": "SWEEP"}, "minute": {"S": before}},
    )


def test_a_record_whose_stream_record_is_lost_is_swept_onto_the_bus(stack: Stack) -> None:
    holder = stack.holder()
    with Pipe(stack, "Inbox").losing_records():
        lost, repeat = stack.send(*[purchase(holder.card_number, 4_500)] * 2)
    assert stack.row("Claims", msg_id=lost.msg_id or "") == {}
    for each in (lost, repeat):
        age(stack, each.ingest_id)

    seen = stack.invoke("Sweep", dry_run=True, min_age_minutes=1)
    swept = stack.invoke("Sweep", min_age_minutes=1)

    assert {lost.ingest_id, repeat.ingest_id} <= set(seen["resent"])
    outcomes = stack.outcomes([lost.ingest_id, repeat.ingest_id])
    first, second = sorted(outcomes.values(), key=lambda each: each.kind, reverse=True)
    assert (first.kind, second.kind, second.original) == ("POSTED", "DUPLICATE", first.ingest_id)
    assert first.ingest_id in swept["resent"]
    assert second.ingest_id in swept["parked"]
    said = stack.ear.first(detail_type="TransactionAuthorized", ingest_id=first.ingest_id)
    assert said["detail"]["meta"]["event_id"] == identity.event_id(
        lost.msg_id or "", first.ingest_id, "TransactionAuthorized"
    )


def test_a_sweep_leaves_alone_what_has_its_outcome(stack: Stack) -> None:
    (outcome,) = stack.post(purchase(stack.holder().card_number, 4_500))
    age(stack, outcome.ingest_id)

    swept = stack.invoke("Sweep", min_age_minutes=1)

    assert outcome.ingest_id not in swept["resent"] + swept["parked"]
    assert swept["seen"] >= 1


def test_a_lost_announcement_is_made_again_with_its_id(stack: Stack) -> None:
    began = datetime.now(UTC)
    holder = stack.holder()
    with Pipe(stack, "Journal").losing_records():
        (outcome,) = stack.post(purchase(holder.card_number, 4_500))
    header_id = outcome.header_id or ""
    assert stack.ear.heard(header_id=header_id) == []

    told = stack.invoke("Republish", since=began.isoformat(), until=datetime.now(UTC).isoformat())

    assert header_id in told["republished"]
    (said,) = (stack.ear.first(header_id=header_id),)
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
