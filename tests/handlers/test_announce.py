"""Announce: a header is its event, as often as the pipe asks."""

from typing import Any

import msgspec
import pytest

from domain.events import TransactionPosted
from handlers import announce
from tests.fakes.runtime import Log
from tests.handlers import given


def test_a_header_makes_the_same_event_each_time(context: Any) -> None:
    records = given.invocation("AnnounceFunction")

    first, again = announce.handler(records, context), announce.handler(records[:1], context)

    assert again == first[:1]


def test_there_is_one_event_for_each_header_whatever_its_purpose(context: Any) -> None:
    details = announce.handler(given.invocation("AnnounceFunction"), context)

    assert [detail["data"]["purpose"] for detail in details] == ["CLEAR", "SUSPEND"]
    assert len({detail["meta"]["event_id"] for detail in details}) == 2


def test_the_record_that_a_suspense_booking_keeps_is_not_announced(context: Any) -> None:
    _, suspended = announce.handler(given.invocation("AnnounceFunction"), context)

    assert set(suspended["data"]) == set(
        TransactionPosted.__annotations__["data"].__struct_fields__
    )


def test_a_header_that_cannot_be_read_fails_the_batch_for_the_pipe_to_bisect(
    context: Any,
) -> None:
    records = given.invocation("AnnounceFunction")
    records[0]["dynamodb"]["NewImage"]["legs"] = {"S": "none"}

    with pytest.raises(msgspec.ValidationError):
        announce.handler(records, context)


def test_the_log_names_the_header_alone(context: Any, log: Log) -> None:
    (record,) = given.invocation("AnnounceFunction")[:1]

    announce.handler([record], context)

    assert log.named("announced")[0]["header_id"] == record["dynamodb"]["Keys"]["pk"]["S"]
