"""The reconciliation's machine: it compares before it repairs, repairs by repeating, and ends."""

import json
import re
from typing import Any

import pytest

from domain.reconciliation import REPAIRS
from domain.reconciliation_run import Asked
from tests.template.reading import (
    ROOT,
    functions,
    granted,
    holders,
    identity_statements,
    listed,
    named,
    of_type,
    properties,
    states,
    written,
)

PATH = ROOT / "statemachine" / "reconcile.asl.json"
MACHINE: dict[str, Any] = json.loads(PATH.read_text())
STATES = dict(states(MACHINE))
TASKS = sorted(name for name, state in STATES.items() if state["Type"] == "Task")
SUBSTITUTIONS = written()["Resources"]["ReconcileStateMachine"]["Properties"][
    "DefinitionSubstitutions"
]
COMPARISONS = ("CompareRecords", "CompareBalances", "CompareEvents")
REPAIRING = {"SweepFunction", "RepublishFunction", "RebuildBalancesFunction"}


def followers(state: dict[str, Any]) -> list[str]:
    """The states that may come next, in the order in which they are asked for."""
    ways = [*state.get("Choices", []), *state.get("Catch", []), state]
    found = [way["Next"] for way in ways if "Next" in way]
    return [*found, state["Default"]] if "Default" in state else found


def called(name: str) -> str:
    """The function that a task invokes."""
    return str(STATES[name]["Arguments"]["FunctionName"].strip("${}"))


def test_it_is_a_standard_machine_because_it_waits_and_is_traced_without_data() -> None:
    machine = properties("ReconcileStateMachine")

    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert MACHINE["TimeoutSeconds"] > 10 * Asked().wait_seconds


def test_every_state_is_reached_and_every_next_exists() -> None:
    reached = {MACHINE["StartAt"]}
    for state in STATES.values():
        reached |= set(followers(state))

    assert reached == STATES.keys()


def test_states_stand_in_the_order_of_the_work() -> None:
    seen: list[str] = []
    ahead = [MACHINE["StartAt"]]
    while ahead:
        name = ahead.pop(0)
        if name not in seen:
            seen.append(name)
            ahead = followers(STATES[name]) + ahead

    assert list(STATES) == seen


def test_every_function_to_call_is_given_by_its_arn_and_used() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", PATH.read_text()))

    assert used == SUBSTITUTIONS.keys()
    assert {name: named(value) for name, value in SUBSTITUTIONS.items()} == {
        name: name for name in used
    }


def test_its_role_invokes_those_functions_and_reads_no_table() -> None:
    may = {each for each in granted("ReconcileStateMachineRole") if each[1] != "*"}

    assert may == {("lambda:InvokeFunction", name) for name in SUBSTITUTIONS}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_outlives_its_function_and_is_tried_again_with_jitter(name: str) -> None:
    task = STATES[name]
    last = task["Retry"][-1]

    assert task["Resource"] == "arn:aws:states:::lambda:invoke"
    assert last["ErrorEquals"] == ["States.ALL"]
    assert (last["MaxAttempts"], last["JitterStrategy"]) == (3, "FULL")
    short = {"Plan", "Report"}
    if name not in short:
        assert task["TimeoutSeconds"] > functions()[called(name)]["Timeout"]


def test_the_first_pass_repairs_nothing() -> None:
    def before(name: str) -> set[str]:
        return {each for each, state in STATES.items() if name in followers(state)}

    assert before("NextRepair") == {
        "RememberFindings",
        *(name for name in TASKS if called(name) in REPAIRING),
    }
    assert before("RememberFindings") == {"IsAnythingToRepair"}
    (first, _) = STATES["IsAnythingToRepair"]["Choices"]
    assert first["Next"] == "RememberFindings"
    assert "$looks = 0 and $run.repair and" in first["Condition"]


def test_after_a_repair_everything_that_it_concerns_is_compared_again() -> None:
    assert STATES["WaitForArrival"]["Next"] == STATES["Plan"]["Next"]
    assert {"records", "balances", "events"} < STATES["WaitForArrival"]["Assign"].keys()


def test_each_repair_is_a_state_of_its_own() -> None:
    choices = STATES["WhichRepair"]["Choices"]
    by_repair = {re.findall("'(.*)'", each["Condition"])[0]: each["Next"] for each in choices}

    assert tuple(by_repair) == REPAIRS
    assert {called(state) for state in by_repair.values()} == REPAIRING


def test_each_comparison_goes_on_until_no_page_is_left() -> None:
    for comparison in COMPARISONS:
        back = STATES[comparison]["Next"]
        (left,) = STATES[back]["Choices"]
        step = STATES[comparison]["Arguments"]["Payload"]["step"]

        assert left == {"Condition": f"{{% ${step}.more %}}", "Next": comparison}


def test_it_changes_nothing_itself() -> None:
    writes = {
        (action, resource)
        for action, resource in granted("ReconcileRole")
        if action.partition(":")[2].startswith(("Put", "Update", "Delete", "Batch", "Transact"))
        and action not in {"dynamodb:BatchGetItem", "xray:PutTraceSegments"}
        and not action.startswith(("xray:", "logs:"))
    }

    assert writes == {("s3:PutObject", "AuditBucket")}
    places = {
        resource["Fn::Sub"]
        for holder, statement in identity_statements()
        if holder == "ReconcileRole" and "s3:PutObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert places == {"${AuditBucket.Arn}/reconciliation/*", "${AuditBucket.Arn}/work/*"}


def test_a_run_is_scheduled_every_hour_and_every_day_with_its_repairs_and_letters() -> None:
    events = written()["Resources"]["ReconcileStateMachine"]["Properties"]["Events"]
    schedules = {
        each["Properties"]["ScheduleExpression"]: each["Properties"] for each in events.values()
    }

    assert schedules.keys() == {"rate(1 hour)", "cron(30 2 * * ? *)"}
    for schedule in schedules.values():
        asked = json.loads(schedule["Input"])
        assert asked.keys() <= set(Asked.__struct_fields__)
        assert asked["repair"] is True
        assert named(schedule["RoleArn"]) == "ScheduleRole"
        assert named(schedule["DeadLetterConfig"]["Arn"]) == "ScheduleDeadLetters"
    assert json.loads(schedules["cron(30 2 * * ? *)"]["Input"])["window"] == "yesterday"


def test_only_the_schedules_and_the_redrive_of_their_letters_start_it() -> None:
    starters = holders("states:StartExecution", "ReconcileStateMachine")

    assert starters == {"ScheduleRole", "RedriveRole"}


def test_what_remains_and_what_fails_rings() -> None:
    watched = {
        (alarm["Properties"]["MetricName"], named(dimension["Value"]))
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"].get("Dimensions", [])
    }

    service = functions()["ReconcileFunction"]["Environment"]["Variables"]
    assert ("ReconciliationBreaks", service["POWERTOOLS_SERVICE_NAME"]) in watched
    assert ("ExecutionsFailed", "ReconcileStateMachine") in watched
    assert ("ExecutionsTimedOut", "ReconcileStateMachine") in watched


def test_the_trail_watches_its_starts_too() -> None:
    selectors = written()["Resources"]["Trail"]["Properties"]["AdvancedEventSelectors"]
    machines = {
        named(value)
        for selector in selectors
        for field in selector["FieldSelectors"]
        if field["Field"] == "resources.ARN"
        for value in field.get("Equals", [])
    }

    assert machines >= set(of_type("AWS::StepFunctions::StateMachine"))
