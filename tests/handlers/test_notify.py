"""Notify: one camt.054 for each booking, put once, and only what failed comes again."""

from typing import Any

import pytest

from handlers import notify
from samples.event_story import FOREIGN_PURCHASE
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Log
from tests.fakes.services import refusal
from tests.handlers import given
from tests.iso20022 import parsed, text

POSTED = given.sample("TransactionPosted")
DATA, META = POSTED["detail"]["data"], POSTED["detail"]["meta"]
KEY = ("notifications", f"camt054/{DATA['booking_date']}/{META['event_id']}.xml")


def run(context: Any, *events: dict[str, Any]) -> list[str]:
    """The positions of the messages that are to come again."""
    answer = notify.handler(given.in_queue(*events), context)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_booking_becomes_a_valid_notification_under_its_event_s_id(
    cloud: Cloud, context: Any
) -> None:
    assert run(context, POSTED) == []

    assert list(cloud.buckets.objects) == [KEY]
    root = parsed("camt.054.001.08", cloud.buckets.objects[KEY])
    assert text(root, "Ntry/Amt") == "116.38"
    assert text(root, "Acct/Id/Othr/Id") == "A-1001"


def test_a_notification_holds_neither_card_number_nor_token(cloud: Cloud, context: Any) -> None:
    run(context, POSTED)

    content = cloud.buckets.objects[KEY].decode()
    assert FOREIGN_PURCHASE.line.de["2"] not in content
    assert FOREIGN_PURCHASE.token not in content
    assert f"card ending in {FOREIGN_PURCHASE.line.de['2'][-4:]}" in content


def test_an_event_that_comes_again_changes_nothing(cloud: Cloud, context: Any, log: Log) -> None:
    run(context, POSTED)
    cloud.buckets.objects[KEY] = b"what stood there first"

    assert run(context, POSTED) == []

    assert cloud.buckets.objects[KEY] == b"what stood there first"
    assert log.named("notified_before")[0]["event_id"] == META["event_id"]


def test_a_booking_without_a_customer_makes_no_notification(
    cloud: Cloud, context: Any, log: Log
) -> None:
    assert run(context, given.changed(POSTED, customer=None, purpose="SUSPEND")) == []

    assert cloud.buckets.objects == {}
    assert log.named("no_customer")[0]["level"] == "WARNING"


@pytest.mark.parametrize(("code", "level"), [("SlowDown", "WARNING"), ("AccessDenied", "ERROR")])
def test_what_the_bucket_refused_comes_again_and_the_rest_is_done(
    cloud: Cloud,
    context: Any,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    level: str,
) -> None:
    other = given.changed(POSTED, booking_date="2026-11-21")
    take = cloud.buckets.put_object

    def put_object(**request: Any) -> Any:
        if "2026-11-21" in request["Key"]:
            raise refusal(code, "PutObject")
        return take(**request)

    monkeypatch.setattr(cloud.buckets, "put_object", put_object)
    batch = given.in_queue(other, POSTED)

    answer = notify.handler(batch, context)

    (failed,) = answer["batchItemFailures"]
    assert failed["itemIdentifier"] == batch["Records"][0]["messageId"]
    assert list(cloud.buckets.objects) == [KEY]
    assert {line["level"] for line in log.lines if "why" in line} == {level}


def test_an_event_that_is_another_one_is_left_to_the_dead_letters(context: Any, log: Log) -> None:
    assert len(run(context, given.sample("TransactionRejected"))) == 1

    assert log.named("not_notified")[0]["level"] == "ERROR"
