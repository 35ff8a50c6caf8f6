"""Republish: a header that nobody heard of is announced again, with the event it always had."""

import gzip
import json
from datetime import datetime, timedelta
from typing import Any

from handlers import announce, republish
from samples.make_events import bookings
from tests.fakes.cloud import Cloud
from tests.handlers import given

PURCHASE, SUSPENSE = (each.posted.header_id for each in bookings())


def heard(cloud: Cloud, at: datetime, *events: dict[str, Any], compressed: bool = False) -> None:
    """Lines in the audit trail, in an object of that hour."""
    content = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    key = f"{at:%Y/%m/%d/%H}/trail-{len(cloud.buckets.objects)}"
    cloud.buckets.put("audit", key, gzip.compress(content) if compressed else content)


def booked(cloud: Cloud) -> None:
    given.reference(cloud)
    given.booked(cloud)
    cloud.time += timedelta(hours=1)


def test_a_header_that_is_missing_from_the_trail_is_announced_again(
    cloud: Cloud, context: Any
) -> None:
    booked(cloud)
    heard(cloud, cloud.time, given.sample("TransactionPosted"))
    heard(cloud, cloud.time, given.sample("TransactionRejected"), compressed=True)

    answer = republish.handler({}, context)

    assert (answer["checked"], answer["republished"]) == (2, [SUSPENSE])


def test_what_is_announced_again_is_the_same_event(cloud: Cloud, context: Any) -> None:
    booked(cloud)
    first = announce.handler(cloud.inserts("journal", sk="H"), context)

    republish.handler({}, context)

    by_id = {detail["meta"]["event_id"]: detail for detail in json.loads(json.dumps(first))}
    assert {detail["meta"]["event_id"]: detail for detail in cloud.bus.details} == by_id
    assert {entry["Source"] for entry in cloud.bus.entries} == {"payments.ledger"}


def test_events_on_several_pages_and_in_compressed_objects_are_heard(
    cloud: Cloud, context: Any
) -> None:
    booked(cloud)
    suspense = given.sample("TransactionPosted")
    meta = suspense["detail"]["meta"] | {"event_id": bookings()[1].event.meta.event_id}
    suspense["detail"] = suspense["detail"] | {"meta": meta}
    heard(cloud, cloud.time, given.sample("TransactionPosted"))
    heard(cloud, cloud.time - timedelta(hours=1), suspense, compressed=True)

    assert republish.handler({}, context)["republished"] == []


def test_a_header_is_not_missing_before_the_trail_can_have_it(cloud: Cloud, context: Any) -> None:
    booked(cloud)
    cloud.time -= timedelta(minutes=55)

    assert republish.handler({}, context)["checked"] == 0


def test_a_named_header_is_announced_and_an_unknown_one_told(cloud: Cloud, context: Any) -> None:
    booked(cloud)

    answer = republish.handler({"header_ids": [PURCHASE, "J#msg_nobody"]}, context)

    assert answer["republished"] == [PURCHASE]
    assert answer["unknown"] == ["J#msg_nobody"]


def test_a_dry_run_announces_nothing(cloud: Cloud, context: Any) -> None:
    booked(cloud)

    answer = republish.handler({"dry_run": True}, context)

    assert len(answer["republished"]) == 2
    assert cloud.bus.entries == []


def test_events_that_the_bus_keeps_refusing_are_counted(cloud: Cloud, context: Any) -> None:
    booked(cloud)
    cloud.bus.refused = {bookings()[0].event.meta.event_id}

    assert republish.handler({}, context)["refused"] == 1


def test_a_time_may_be_asked_for(cloud: Cloud, context: Any) -> None:
    booked(cloud)
    moment = datetime.fromisoformat(bookings()[0].posted.booked_at)
    event = {
        "since": (moment - timedelta(minutes=1)).isoformat(),
        "until": (moment + timedelta(minutes=1)).isoformat(),
    }

    assert republish.handler(event, context)["republished"] == [PURCHASE]
