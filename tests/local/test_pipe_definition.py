from typing import Any

import pytest

from local.deployed import Resource
from local.errors import LocalError
from local.pipes.definition import pipe_of
from tests.local.pipe_world import BUS, FUNCTION, LETTERS, STREAM

GIVEN: dict[str, Any] = {
    "RoleArn": "role",
    "Source": STREAM,
    "SourceParameters": {
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        "DynamoDBStreamParameters": {
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": "10",
            "MaximumBatchingWindowInSeconds": 1,
            "MaximumRetryAttempts": 20,
            "MaximumRecordAgeInSeconds": 43200,
            "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
            "DeadLetterConfig": {"Arn": LETTERS},
        },
    },
    "Enrichment": FUNCTION,
    "Target": BUS,
    "TargetParameters": {"EventBridgeEventBusParameters": {"DetailType": "d", "Source": "s"}},
}


def read(**changes: Any) -> Any:
    return pipe_of(Resource("Pipe", "AWS::Pipes::Pipe", "p", GIVEN | changes), "arn")


def test_a_definition_is_read_whole() -> None:
    pipe = read()

    assert (pipe.batch_size, pipe.retries, pipe.age_seconds, pipe.bisects) == (10, 20, 43200, True)
    assert (pipe.window_seconds, pipe.letters_arn) == (1.0, LETTERS)
    assert pipe.filters == ({"eventName": ["INSERT"]},)
    assert pipe.bus_parameters == {"DetailType": "d", "Source": "s"}


def test_what_is_left_out_has_the_services_defaults() -> None:
    pipe = read(SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}})

    assert (pipe.batch_size, pipe.retries, pipe.age_seconds) == (100, -1, -1)
    assert (pipe.bisects, pipe.letters_arn, pipe.filters) == (False, None, ())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Source": "arn:aws:sqs:us-east-1:000000000000:q"}, "source"),
        ({"Target": "arn:aws:sqs:us-east-1:000000000000:q"}, "target"),
        ({"Enrichment": "arn:aws:states:us-east-1:000000000000:stateMachine:m"}, "enrichment"),
        ({"TargetParameters": {"SqsQueueParameters": {}}}, "SqsQueueParameters"),
        ({"SourceParameters": {"SqsQueueParameters": {}}}, "SqsQueueParameters"),
    ],
)
def test_what_the_forwarder_does_not_carry_is_refused_by_name(changes: Any, named: str) -> None:
    with pytest.raises(LocalError, match=named):
        read(**changes)
