"""Enrich: each message of the batch stands for itself, and a refused event is a failed message."""

from typing import Any

import pytest

from domain.errors import Unavailable
from handlers import enrich
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Log
from tests.handlers import given

FOREIGN, BLOCKED = (story.enriched.meta.event_id for story in (FOREIGN_PURCHASE, BLOCKED_PURCHASE))


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def event(cloud: Cloud) -> Any:
    given.reference(cloud)
    return given.invocation("EnrichFunction")


def test_only_the_message_whose_event_the_bus_refused_is_reported(
    cloud: Cloud, context: Any, event: Any
) -> None:
    cloud.bus.refused = {BLOCKED}

    answer = enrich.handler(event, context)

    assert failures(answer) == [event["Records"][1]["messageId"]]
    assert cloud.bus.event_ids == [FOREIGN]


def test_refused_entries_alone_are_sent_again(cloud: Cloud, context: Any, event: Any) -> None:
    cloud.bus.refused = {BLOCKED}

    enrich.handler(event, context)

    assert cloud.bus.event_ids == [FOREIGN]
    assert cloud.bus.calls > 1


def test_an_unreadable_message_is_reported_and_the_rest_goes_on(
    cloud: Cloud, context: Any, event: Any, log: Log
) -> None:
    event["Records"][0]["body"] = "no JSON"

    answer = enrich.handler(event, context)

    assert failures(answer) == [event["Records"][0]["messageId"]]
    assert cloud.bus.event_ids == [BLOCKED]
    assert log.named("unreadable")[0]["level"] == "ERROR"


def test_another_event_is_unreadable_here(cloud: Cloud, context: Any) -> None:
    event = given.in_queue(given.sample("TransactionPosted"))

    assert failures(enrich.handler(event, context)) == [event["Records"][0]["messageId"]]
    assert cloud.bus.entries == []


def test_a_record_that_cannot_be_enriched_takes_no_other_with_it(
    cloud: Cloud, context: Any, log: Log
) -> None:
    given.reference(cloud)
    good = given.sample("TransactionAuthorized")
    amounts = good["detail"]["data"]["cain"]["TxAmts"] | {"Ccy": "001"}
    broken = given.changed(good, cain=good["detail"]["data"]["cain"] | {"TxAmts": amounts})
    event = given.in_queue(good, broken)

    answer = enrich.handler(event, context)

    assert failures(answer) == [event["Records"][1]["messageId"]]
    assert cloud.bus.event_ids == [FOREIGN]
    assert log.named("not_enriched")[0]["level"] == "ERROR"


def test_a_redelivery_makes_the_same_event(cloud: Cloud, context: Any, event: Any) -> None:
    enrich.handler(event, context)
    enrich.handler(event, context)

    first, again = cloud.bus.entries[:2], cloud.bus.entries[2:]
    assert first == again


def test_without_a_rule_set_the_whole_batch_waits(context: Any) -> None:
    with pytest.raises(Unavailable):
        enrich.handler(given.invocation("EnrichFunction"), context)


def test_an_unknown_card_is_no_failure(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    event = given.in_queue(given.changed(given.sample("TransactionAuthorized"), token="tok_new"))

    assert failures(enrich.handler(event, context)) == []
    assert cloud.bus.details[0]["data"]["account"] is None


def test_fields_that_a_newer_producer_adds_are_ignored(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    sample = given.sample("TransactionAuthorized") | {
        "resources": ["arn:aws:x"],
        "replay-name": "r",
    }
    event = given.in_queue(given.changed(sample, channel="new"))

    assert failures(enrich.handler(event, context)) == []
    assert cloud.bus.details == [given.sample("TransactionEnriched")["detail"]]
