"""The table of documented Pipes behaviours in docs/engine.md, a test for each row."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.pipes.faults import Stopping
from local.pipes.record import Record
from tests.local.pipe_world import BUS, NOON, STREAM, World, keys, pipe, record, service_error


def failing_on(*poison: str) -> Any:
    """An enrichment that raises when one of these records is in its batch."""

    def enrich(records: list[Record]) -> list[str]:
        if set(poison) & set(keys(records)):
            raise ValueError("poison")
        return keys(records)

    return enrich


def test_an_enrichment_gets_the_array_of_stream_records_even_for_one() -> None:
    world = World()

    world.settle([record(1)])

    assert world.invoked == [[record(1)]]


def test_each_item_of_the_enrichments_answer_becomes_one_entry() -> None:
    world = World()

    world.settle([record(1), record(2)])

    assert world.puts == [
        [
            {"DetailType": "Happened", "Source": "test", "EventBusName": BUS, "Detail": '"1"'},
            {"DetailType": "Happened", "Source": "test", "EventBusName": BUS, "Detail": '"2"'},
        ]
    ]


@pytest.mark.parametrize("answer", ["", {}, []])
def test_an_empty_answer_leaves_the_target_uncalled(answer: Any) -> None:
    world = World(lambda _records: answer)

    world.settle([record(1)])

    assert world.puts == []
    assert world.letters == []


def test_an_array_with_an_empty_object_calls_the_target_with_an_empty_payload() -> None:
    world = World(lambda _records: [{}])

    world.settle([record(1)])

    assert world.on_bus() == [{}]


def test_an_enrichment_may_answer_with_fewer_items() -> None:
    world = World(lambda records: keys(records)[:1])

    delivery = world.settle([record(1), record(2), record(3)])

    assert world.on_bus() == ["1"]
    assert delivery.delivered == 3


def test_an_enrichment_may_answer_with_more_items_up_to_the_targets_limit() -> None:
    world = World(lambda _records: list(range(10)))

    world.settle([record(1)])

    assert world.on_bus() == list(range(10))


def test_more_items_than_the_target_takes_leave_it_uncalled_and_fail_the_batch() -> None:
    world = World(lambda _records: list(range(11)))

    world.settle([record(1)])

    assert world.puts == []
    assert world.lettered() == [("1", "1", "RetryAttemptsExhausted")]


def test_a_failing_enrichment_fails_the_whole_batch() -> None:
    world = World(failing_on("2"))

    world.settle([record(1), record(2)], bisects=False)

    assert world.on_bus() == []
    assert world.lettered() == [("1", "2", "RetryAttemptsExhausted")]


def test_bisection_isolates_the_poison_and_the_rest_flows_in_order() -> None:
    world = World(failing_on("3"))

    delivery = world.settle([record(number) for number in range(1, 6)])

    assert world.on_bus() == ["1", "2", "4", "5"]
    assert world.lettered() == [("3", "3", "RetryAttemptsExhausted")]
    assert (delivery.delivered, delivery.lettered) == (4, 1)


def test_a_record_is_retried_as_often_as_the_pipe_says() -> None:
    world = World(failing_on("1"))

    world.settle([record(1)], retries=2)

    assert len(world.invoked) == 3
    assert world.pauses == [0.1, 0.2]


def test_without_a_limit_a_record_is_retried_until_the_pipe_stops() -> None:
    world = World(failing_on("1"))
    world.pauses_left = 50

    with pytest.raises(Stopping):
        world.settle([record(1)], retries=-1)

    assert len(world.invoked) == 51
    assert world.letters == []


def test_a_record_past_its_age_becomes_a_letter_without_an_attempt() -> None:
    world = World()

    world.settle([record(1, at=NOON - 61), record(2)], age_seconds=60)

    assert world.on_bus() == ["2"]
    assert world.lettered() == [("1", "1", "RecordAgeExceeded")]


def test_a_record_grows_too_old_while_it_is_retried() -> None:
    world = World(failing_on("1"))

    world.settle([record(1)], retries=-1, age_seconds=60)

    assert world.lettered() == [("1", "1", "RecordAgeExceeded")]


def test_entries_that_the_bus_refuses_bring_the_batch_back_through_the_enrichment() -> None:
    world = World()
    world.bus_faults = [{1}]

    world.settle([record(1), record(2)], bisects=False)

    assert world.invoked == [[record(1), record(2)]] * 2
    assert world.on_bus() == ["1", "2"] * 2


def test_without_an_enrichment_only_the_refused_records_come_again() -> None:
    world = World()
    world.bus_faults = [{1}]

    world.settle([record(1), record(2)], enrichment_arn=None)

    assert [len(put) for put in world.puts] == [2, 1]
    assert world.on_bus()[-1] == record(2)


@pytest.mark.parametrize(
    "fault",
    [
        EndpointConnectionError(endpoint_url="http://engine"),
        service_error("InternalFailure", 500),
        service_error("ThrottlingException"),
    ],
)
def test_failures_of_the_service_or_the_way_to_it_are_never_counted(fault: Exception) -> None:
    world = World()
    world.bus_faults = [fault] * 10

    world.settle([record(1)], retries=0)

    assert world.on_bus() == ["1"]
    assert world.letters == []


def test_missing_permission_is_the_customers_failure_and_is_counted() -> None:
    world = World()
    world.bus_faults = [service_error("AccessDeniedException")] * 3

    world.settle([record(1)], retries=2)

    assert world.on_bus() == []
    assert world.lettered() == [("1", "1", "RetryAttemptsExhausted")]


def test_a_session_that_ran_out_is_renewed_and_the_batch_delivered() -> None:
    world = World()
    world.bus_faults = [service_error("ExpiredToken")]

    world.settle([record(1)], retries=0)

    assert world.sessions_forgotten == 1
    assert world.on_bus() == ["1"]


def test_a_letter_says_where_the_records_are_and_not_what_they_hold() -> None:
    world = World(failing_on("1", "2"))

    world.settle([record(1, secret="4111"), record(2)], bisects=False, retries=0)

    assert world.letters == [
        {
            "context": {"partnerResourceArn": pipe().arn, "condition": "RetryAttemptsExhausted"},
            "version": "1.0",
            "timestamp": "2026-11-22T12:00:00.000Z",
            "DDBStreamBatchInfo": {
                "shardId": "shardId-1",
                "startSequenceNumber": "1",
                "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2026-11-22T12:00:00.000Z",
                "approximateArrivalOfLastRecord": "2026-11-22T12:00:00.000Z",
                "batchSize": 2,
                "streamArn": STREAM,
            },
        }
    ]


def test_a_refused_letter_is_sent_again_rather_than_lost() -> None:
    world = World(failing_on("1"))
    world.queue_faults = [service_error("AccessDenied"), service_error("InternalFailure", 500)]

    world.settle([record(1)], retries=0)

    assert len(world.letters) == 1


def test_without_a_letter_queue_given_up_records_fall_away() -> None:
    world = World(failing_on("1"))

    delivery = world.settle([record(1)], retries=0, letters_arn=None)

    assert world.letters == []
    assert delivery.lettered == 1


def test_an_input_template_is_applied_to_each_record_of_the_batch() -> None:
    world = World(lambda given: given)

    world.settle(
        [record(1), record(2)],
        enrichment_template='{"key": <$.dynamodb.Keys.pk.S>}',
        target_template='{"id": "n-<$.key>", "pipe": "<aws.pipes.pipe-name>"}',
    )

    assert world.invoked == [[{"key": "1"}, {"key": "2"}]]
    assert world.on_bus() == [{"id": "n-1", "pipe": "pipe"}, {"id": "n-2", "pipe": "pipe"}]


def test_a_dynamic_path_in_the_bus_parameters_reads_the_payload() -> None:
    world = World(lambda _records: [{"kind": "Paid"}])

    world.settle([record(1)], bus_parameters={"DetailType": "$.kind", "Source": "test"})

    assert world.puts[0][0]["DetailType"] == "Paid"


def test_an_answer_that_is_no_json_is_a_failure() -> None:
    world = World()
    world.answer = b"no json"

    world.settle([record(1)], retries=0)

    assert world.lettered() == [("1", "1", "RetryAttemptsExhausted")]
