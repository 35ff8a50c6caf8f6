"""Dry run: neither its function nor its machine may write anything, and no event reaches it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.reading import (
    expanded,
    granted,
    holders,
    of_type,
    properties,
    workflow,
    written,
)

READS = {
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "secretsmanager:GetSecretValue",
    "kms:Decrypt",
}
# Logs and traces of its own; the delivery of a workflow's log is set up under the workflow's role.
OWN = ("logs:", "xray:")
DRY = "{% '${Mode}' = 'DRY' %}"


@pytest.mark.parametrize("role", ["DryRunRole", "DryRulesRole"])
def test_a_dry_run_may_read_and_nothing_else(role: str) -> None:
    actions = {action for action, _ in granted(role) if not action.startswith(OWN)}

    assert actions - {"states:StartSyncExecution"} <= READS


def test_the_machine_reads_the_rules_and_nothing_else() -> None:
    reached = {resource for action, resource in granted("DryRulesRole") if "dynamodb" in action}

    assert reached == {"ReferenceTable"}


def test_the_function_can_start_the_dry_machine_only_and_only_it_can() -> None:
    started = {item for item in granted("DryRunRole") if item[0].startswith("states:")}

    assert started == {("states:StartSyncExecution", "DryRulesStateMachine")}
    for action in ("states:StartExecution", "states:StartSyncExecution"):
        dry = holders(action, "DryRulesStateMachine")
        assert dry == ({"DryRunRole"} if "Sync" in action else set())
    assert holders("states:StartSyncExecution", "ApplyRulesStateMachine") == set()


def test_no_rule_sends_an_event_to_the_dry_machine() -> None:
    targets = json.dumps(
        [rule["Properties"]["Targets"] for rule in of_type("AWS::Events::Rule").values()]
    )

    assert "DryRulesStateMachine" not in targets
    assert "ApplyRulesStateMachine" in targets


def test_both_machines_are_one_definition_that_differs_in_its_mode_only() -> None:
    live, dry = (
        written()["Resources"][name]["Properties"]
        for name in ("ApplyRulesStateMachine", "DryRulesStateMachine")
    )

    assert live["DefinitionUri"] == dry["DefinitionUri"]
    assert live["DefinitionSubstitutions"] | {"Mode": "DRY"} == dry["DefinitionSubstitutions"]
    assert live["DefinitionSubstitutions"]["Mode"] == "LIVE"
    assert live["Type"] == dry["Type"] == "EXPRESS"


def test_the_mode_is_deployed_and_no_input_is_asked_for_it() -> None:
    asked = [text for text in conditions(workflow()) if "Mode" in text]

    assert asked == [DRY, DRY]


def test_a_dry_machine_reaches_reads_of_the_rules_and_no_other_task() -> None:
    tasks = list(reached_when_dry(workflow(), workflow()["StartAt"], set()))

    assert {task["Resource"] for task in tasks} == {"arn:aws:states:::dynamodb:getItem"}
    assert {task["Arguments"]["TableName"] for task in tasks} == {"${ReferenceTable}"}


def test_the_live_machine_never_ends_with_a_decision_in_its_hands() -> None:
    substitutions = properties("ApplyRulesStateMachine")["DefinitionSubstitutions"]

    assert substitutions["Mode"] != "DRY"
    assert expanded()["Resources"]["DryRulesStateMachine"]["Properties"]["RoleArn"] == {
        "Fn::GetAtt": ["DryRulesRole", "Arn"]
    }


def conditions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("Condition"), str):
            yield part["Condition"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from conditions(each)


def reached_when_dry(
    machine: dict[str, Any], name: str, passed: set[str]
) -> Iterator[dict[str, Any]]:
    """The tasks that may run where every condition but the mode's may hold or not."""
    if name in passed:
        return
    passed.add(name)
    state = machine["States"][name]
    if state["Type"] == "Task":
        yield state
    for branch in state.get("Branches", []):
        yield from reached_when_dry(branch, branch["StartAt"], set())
    for following in ways_when_dry(state):
        yield from reached_when_dry(machine, following, passed)


def ways_when_dry(state: dict[str, Any]) -> Iterator[str]:
    for choice in state.get("Choices", []):
        yield choice["Next"]
        if choice["Condition"] == DRY:
            return
    for way in (state, *state.get("Catch", [])):
        if "Next" in way:
            yield way["Next"]
    if "Default" in state:
        yield state["Default"]
