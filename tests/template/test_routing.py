"""Routing: every event has one emitter and a consumer, and no hop loses what it cannot deliver."""

import json
from typing import Any

import pytest

from domain.events import Event, OpeningRequested, PostingLegCreated
from local.pipes.patterns import matches
from tests.template.reading import (
    ROOT,
    functions,
    listed,
    named,
    of_type,
    properties,
    statements,
    states,
    workflow,
)

RULES = of_type("AWS::Events::Rule")
PIPES = of_type("AWS::Pipes::Pipe")
# Opening money is a command to the posting queue; it never lies on the bus.
EVENTS = {
    each.detail_type(): each.source
    for each in Event.__subclasses__()
    if each is not OpeningRequested
}
# An outside account interface says it; of our roles only redrive may, for the bus's letters.
OUTSIDE = {PostingLegCreated.detail_type(): PostingLegCreated.source}
HEADERS_ONLY = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": ["H"]}}}}


def patterns() -> dict[str, dict[str, Any]]:
    """What the rules of our bus wait for, by rule."""
    return {
        name: rule["Properties"]["EventPattern"]
        for name, rule in RULES.items()
        if "EventBusName" in rule["Properties"]
    }


def targets() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, target) for name, rule in RULES.items() for target in rule["Properties"]["Targets"]
    ]


def test_a_rule_waits_for_events_that_exist_from_their_own_source() -> None:
    for rule, pattern in patterns().items():
        for detail_type in pattern.get("detail-type", []):
            assert pattern["source"] == [EVENTS[detail_type]], rule


def test_every_event_is_waited_for() -> None:
    consumed = {
        detail_type
        for pattern in patterns().values()
        for detail_type in pattern.get("detail-type", [])
    }

    assert consumed == EVENTS.keys()


def test_every_event_is_said_by_a_pipe_the_workflow_or_enrich() -> None:
    by_pipes = {
        parameters["DetailType"]: parameters["Source"]
        for pipe in PIPES.values()
        for parameters in [pipe["Properties"]["TargetParameters"]["EventBridgeEventBusParameters"]]
    }
    by_workflow = {
        entry["DetailType"]: entry["Source"]
        for _, state in states(workflow())
        for entry in state.get("Arguments", {}).get("Entries", [])
    }

    said = by_pipes | by_workflow | {"TransactionEnriched": "payments.enrichment"}
    assert said | OUTSIDE == EVENTS


def test_the_audit_trail_takes_every_event_of_ours_and_the_archive_takes_no_replay() -> None:
    sources = [{"prefix": "payments."}, *OUTSIDE.values()]
    assert properties("AuditRule")["EventPattern"] == {"source": sources}
    ours = EVENTS.items() - OUTSIDE.items()
    assert all(source.startswith("payments.") for _, source in ours)
    assert properties("Archive")["EventPattern"] == {"replay-name": [{"exists": False}]}


def test_a_consumer_tells_a_suspense_booking_from_a_posting_by_its_purpose() -> None:
    assert patterns()["SuspenseRule"]["detail"] == {"data": {"purpose": ["SUSPEND"]}}


@pytest.mark.parametrize(
    ("changes", "notified"),
    [
        ({}, True),
        ({"purpose": "REFUND"}, True),
        ({"purpose": "RESUME"}, True),
        ({"purpose": "SUSPEND", "customer": None}, False),
        ({"purpose": "RETURN", "customer": None}, False),
        ({"purpose": "OPENING"}, False),
        ({"purpose": "SEQUENCE"}, False),
    ],
)
def test_a_card_transaction_that_moved_a_customer_s_money_is_notified(
    changes: dict[str, Any], notified: bool
) -> None:
    event = json.loads((ROOT / "events" / "TransactionPosted.json").read_text())
    event["detail"]["data"] |= changes

    assert matches(patterns()["NotifyRule"], event) is notified


@pytest.mark.parametrize(("rule", "target"), targets())
def test_a_target_is_tried_for_a_day_and_then_leaves_a_letter(
    rule: str, target: dict[str, Any]
) -> None:
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86400,
        "MaximumRetryAttempts": 185,
    }
    assert rule in senders(named(target["DeadLetterConfig"]["Arn"]))


@pytest.mark.parametrize(("rule", "target"), targets())
def test_no_rule_calls_a_function_without_a_queue_between(
    rule: str, target: dict[str, Any]
) -> None:
    assert named(target["Arn"]) not in functions()


@pytest.mark.parametrize(("rule", "target"), targets())
def test_a_queue_admits_the_rule_that_fills_it(rule: str, target: dict[str, Any]) -> None:
    queue = named(target["Arn"])

    assert queue not in of_type("AWS::SQS::Queue") or rule in senders(queue)


def senders(queue: str) -> set[str]:
    """The rules that a queue's policy admits."""
    return {
        named(source)
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        if queue in {named(each) for each in policy["Properties"]["Queues"]}
        for statement in statements(policy["Properties"]["PolicyDocument"])
        if statement["Effect"] == "Allow"
        for source in listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    }


def test_the_bus_may_write_its_own_letters() -> None:
    assert senders("BusDeadLetters") == {"Bus"}


@pytest.mark.parametrize("pipe", sorted(PIPES))
def test_a_pipe_starts_at_the_oldest_record_and_splits_what_fails(pipe: str) -> None:
    stream = properties(pipe)["SourceParameters"]["DynamoDBStreamParameters"]

    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["BatchSize"] <= 10, "a bus takes ten entries; a larger answer is not delivered"
    assert stream["OnPartialBatchItemFailure"] == "AUTOMATIC_BISECT"
    assert stream["MaximumRetryAttempts"] == 20
    assert stream["MaximumRecordAgeInSeconds"] == 12 * 3600, "half of the stream's day"
    assert named(stream["DeadLetterConfig"]["Arn"]) == f"{pipe}DeadLetters"


@pytest.mark.parametrize(
    ("pipe", "pattern", "enrichment"),
    [
        ("InboxPipe", {"eventName": ["INSERT"]}, "DeduplicateFunction"),
        ("JournalPipe", HEADERS_ONLY, "AnnounceFunction"),
    ],
)
def test_a_pipe_reads_new_rows_and_hands_them_to_its_enrichment(
    pipe: str, pattern: dict[str, Any], enrichment: str
) -> None:
    found = properties(pipe)
    (read,) = found["SourceParameters"]["FilterCriteria"]["Filters"]

    assert json.loads(read["Pattern"]) == pattern
    assert named(found["Enrichment"]) == enrichment
    assert named(found["Target"]) == "Bus"


def test_the_fold_reads_headers_splits_what_fails_and_leaves_a_letter() -> None:
    fold = properties("FoldFunctionJournal")
    (read,) = fold["FilterCriteria"]["Filters"]

    assert json.loads(read["Pattern"]) == HEADERS_ONLY
    assert fold["StartingPosition"] == "TRIM_HORIZON"
    assert fold["BisectBatchOnFunctionError"] is True
    assert fold["MaximumRetryAttempts"] == 20
    assert fold["MaximumRecordAgeInSeconds"] == 12 * 3600
    assert fold["ParallelizationFactor"] == 1, "parallel folds meet on the same internal accounts"
    assert named(fold["DestinationConfig"]["OnFailure"]["Destination"]) == "FoldDeadLetters"


def test_a_schedule_stays_below_the_time_of_its_function() -> None:
    minutes = {"rate(5 minutes)": 5, "rate(1 hour)": 60}
    for function in functions().values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                every = minutes[event["Properties"]["ScheduleExpression"]]
                assert function["Timeout"] < every * 60, "two runs would meet"
