"""The workflow: it always ends in an event, a parked row or a letter, and within its time."""

import json
import re
from typing import Any

import pytest

from adapters import match_waits, over_clearing_rules
from domain.events import Event
from tests.template.reading import ASL, ROOT, granted, named, properties, states, workflow

STATES = dict(states(workflow()))
TASKS = sorted(name for name, state in STATES.items() if state["Type"] == "Task")
EXPRESS_SECONDS_MAX = 300
ACTION_OF = {
    "arn:aws:states:::dynamodb:getItem": ["dynamodb:GetItem"],
    "arn:aws:states:::dynamodb:putItem": ["dynamodb:PutItem"],
    "arn:aws:states:::events:putEvents": ["events:PutEvents"],
    "arn:aws:states:::sqs:sendMessage": ["sqs:SendMessage"],
}


def test_it_is_an_express_workflow_that_is_traced_and_logs_no_data() -> None:
    machine = properties("ApplyRulesStateMachine")

    assert machine["StateMachineType"] == "EXPRESS"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_one_outer_parallel_catches_whatever_fails_inside() -> None:
    outer = workflow()["States"][workflow()["StartAt"]]

    assert outer["Type"] == "Parallel"
    assert len(outer["Branches"]) == 1
    assert [each["ErrorEquals"] for each in outer["Catch"]] == [["States.ALL"]]


def test_the_checks_run_side_by_side() -> None:
    branches = {branch["StartAt"] for branch in STATES["ApplyRules"]["Branches"]}

    assert branches == {
        "ForeignTransaction",
        "CurrencyConversion",
        "WatchedCategory",
        "AmountLimit",
        "AccountStatus",
    }


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_timed_and_tried_again_with_jitter(name: str) -> None:
    task = STATES[name]

    assert task["TimeoutSeconds"] <= 10
    last = task["Retry"][-1]
    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["MaxAttempts"] >= 3
    assert last["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_allowed_to_the_role_and_the_role_needs_no_more(name: str) -> None:
    task = STATES[name]
    text = json.dumps(task["Arguments"])
    told = set(re.findall(r"\$\{(\w+)\}", text))
    substitutions = properties("ApplyRulesStateMachine")["DefinitionSubstitutions"]
    resources = {named(substitutions[each]) for each in told}
    may = granted("ApplyRulesRole")

    if "transactWriteItems" in task["Resource"]:
        assert ("dynamodb:ConditionCheckItem", "JournalTable") in may
        assert ("dynamodb:PutItem", "ParkedTable") in may
        return
    for action in ACTION_OF[task["Resource"]]:
        assert {(action, each) for each in resources} <= may


def test_every_name_to_fill_in_is_given_and_used() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", ASL.read_text()))

    assert used == properties("ApplyRulesStateMachine")["DefinitionSubstitutions"].keys()


def test_every_state_is_reached_and_every_next_exists() -> None:
    for machine in machines(workflow()):
        reached = {machine["StartAt"]}
        for state in machine["States"].values():
            reached |= followers(state)
        assert reached == machine["States"].keys()


def test_it_says_the_outcomes_of_the_rules_and_nothing_else() -> None:
    entries = [
        entry
        for state in STATES.values()
        for entry in state.get("Arguments", {}).get("Entries", [])
    ]

    assert {(each["Source"], each["DetailType"]) for each in entries} == {
        (event.source, event.detail_type())
        for event in Event.__subclasses__()
        if event.source == "payments.rules"
    }


def test_each_outcome_is_one_event() -> None:
    for state in STATES.values():
        if "putEvents" in state.get("Resource", ""):
            assert len(state["Arguments"]["Entries"]) == 1
            assert "FailedEntryCount" in state["Output"]


def test_a_parked_row_is_never_written_over() -> None:
    (_, rejection) = STATES["WriteRejection"]["Arguments"]["TransactItems"]

    (_, failure) = STATES["ParkAsFailed"]["Arguments"]["TransactItems"]

    for written in (rejection["Put"], failure["Put"]):
        assert written["ConditionExpression"] == (
            "attribute_not_exists(ingest_id) OR (#state = :released AND parked_at = :read)"
        )
        assert written["ExpressionAttributeValues"][":released"] == {"S": "RELEASED"}


def test_a_rejection_is_written_where_no_header_is_before_it_is_told() -> None:
    (check, _) = STATES["WriteRejection"]["Arguments"]["TransactItems"]

    assert check["ConditionCheck"]["ConditionExpression"] == "attribute_not_exists(pk)"
    before = {name for name, state in STATES.items() if "TellRejection" in followers(state)}
    assert before == {"WriteRejection", "MayItBeWritten"}


def test_a_record_that_is_booked_is_not_parked_as_failed() -> None:
    (check, _) = STATES["ParkAsFailed"]["Arguments"]["TransactItems"]

    assert check["ConditionCheck"]["ConditionExpression"] == (
        "attribute_not_exists(pk) OR ingest_id <> :record"
    )


def test_a_cancelled_transaction_is_caught_under_both_spellings() -> None:
    # The SDK integration says DynamoDb, the optimised one DynamoDB.
    both = {"DynamoDb.TransactionCanceledException", "DynamoDB.TransactionCanceledException"}

    assert set(STATES["WriteRejection"]["Catch"][0]["ErrorEquals"]) == both


def test_the_rule_rows_that_it_reads_are_in_the_sample_rule_set() -> None:
    read = {
        state["Arguments"]["Key"]["sk"]["S"]
        for state in STATES.values()
        if "${ReferenceTable}" in json.dumps(state.get("Arguments", {}))
    }
    rule_set = json.loads((ROOT / "samples" / "reference" / "rules.json").read_text())

    # These are no rules of a transaction: corrections read the cap, Post the waits and tolerances.
    others = {"CORRECTION_CAP", match_waits.RULE, over_clearing_rules.RULE}
    assert read == {row["id"] for row in rule_set["rows"]} - others


def test_the_longest_way_ends_within_the_time_of_the_workflow() -> None:
    limit = workflow()["TimeoutSeconds"]

    assert limit < EXPRESS_SECONDS_MAX
    assert longest(workflow(), workflow()["StartAt"], frozenset()) < limit


def machines(machine: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [
        each
        for state in machine["States"].values()
        for branch in state.get("Branches", [])
        for each in machines(branch)
    ]
    return [machine, *inner]


def followers(state: dict[str, Any]) -> set[str]:
    """The states that may come next."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    found = {way["Next"] for way in ways if "Next" in way}
    return found | ({state["Default"]} if "Default" in state else set())


def longest(machine: dict[str, Any], name: str, passed: frozenset[str]) -> float:
    """Seconds from this state to the end when everything times out, without going in circles."""
    state = machine["States"][name]
    own = seconds(state)
    if "Branches" in state:
        own = max(longest(each, each["StartAt"], frozenset()) for each in state["Branches"])
    ahead = followers(state) - passed
    return own + max((longest(machine, each, passed | {name}) for each in ahead), default=0.0)


def seconds(state: dict[str, Any]) -> float:
    """A task's time when every attempt times out."""
    if state["Type"] != "Task":
        return 0.0
    retry = state["Retry"][-1]
    attempts = retry["MaxAttempts"]
    waits = (retry["IntervalSeconds"] * retry["BackoffRate"] ** each for each in range(attempts))
    return float(state["TimeoutSeconds"] * (attempts + 1) + sum(waits))
