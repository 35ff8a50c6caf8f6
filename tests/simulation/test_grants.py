"""Grants: which were used, which need not be, and that the actions behind every call are known."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from tests.simulation import template
from tests.simulation.access.actions import OBJECT_CALLS, QUEUE_CALLS, Actions
from tests.simulation.access.beyond import BY_ACTION, BY_CONDITION, BY_HOLDER, needless
from tests.simulation.access.table_actions import ITEM_CALLS, PARTS
from tests.simulation.permissions import Permissions

PLAN = template.deployed()
SOURCES = Path(__file__).parents[2] / "src"
PUT = {"TableName": "JournalTable", "Item": {"pk": {"S": "J#msg_1"}, "sk": {"S": "H"}}}
(DECIDED,) = [rule.arn for rule in PLAN.rules if rule.name == "DecidedRule"]


def test_a_grant_is_unused_until_an_answer_rests_on_it() -> None:
    permissions = Permissions(PLAN)
    before = permissions.unused()
    refused = permissions.refusal("PostRole", "PutItem", PUT)

    gone = {(each.holder, each.action, each.resource) for each in before}
    gone -= {(each.holder, each.action, each.resource) for each in permissions.unused()}
    assert refused is None
    assert gone == {
        ("PostRole", "dynamodb:PutItem", PLAN.tables["JournalTable"].arn),
        ("PostRole", "kms:Decrypt", PLAN.keys["DataKey"]),
    }


def test_a_refused_call_uses_nothing_of_what_was_refused() -> None:
    permissions = Permissions(PLAN)

    assert not permissions.allows("PostRole", "dynamodb:Scan", PLAN.tables["JournalTable"].arn)
    assert not permissions.used


def test_the_policy_of_a_queue_is_unused_until_its_rule_sends() -> None:
    permissions = Permissions(PLAN)
    queue = PLAN.queues["PostQueue"].arn

    def unused() -> bool:
        return any(each.resource == queue for each in permissions.unused_at_resources())

    assert unused()
    permissions.service_allows("events.amazonaws.com", "sqs:SendMessage", queue, DECIDED)
    assert not unused()


def test_a_reason_for_an_unused_grant_is_given_only_where_there_is_such_a_grant() -> None:
    permissions = Permissions(PLAN)
    granted = [*permissions.unused(), *permissions.unused_at_resources()]

    assert BY_ACTION.keys() <= {each.action for each in granted}
    for part in BY_CONDITION:
        assert [each for each in granted if part in each.condition], part
    for holder, action, resource in BY_HOLDER:
        assert [
            each
            for each in granted
            if holder in ("*", each.holder) and each.action == action
            if each.resource.endswith(resource)
        ], (holder, action, resource)


def test_a_reason_is_needless_once_all_that_it_names_is_used() -> None:
    permissions = Permissions(PLAN)
    granted = [*permissions.unused(), *permissions.unused_at_resources()]
    sending = ("IngestFileRole", "sqs:SendMessage", "LandingQueue")

    left = [each for each in granted if (each.holder, each.action) != sending[:2]]

    assert needless(granted) == []
    assert needless(left) == [sending]


def test_what_the_code_calls_is_never_excused_for_all() -> None:
    permissions = Permissions(PLAN)
    excused = {each.action for each in permissions.unused() if each.action in BY_ACTION}
    called = {f"dynamodb:{each}" for each in ITEM_CALLS} | {each for each, _ in PARTS.values()}
    called |= {action for action, _ in (*QUEUE_CALLS.values(), *OBJECT_CALLS.values())}

    assert called.isdisjoint(excused)


def calls_of_the_code() -> set[str]:
    """Operations of the clients' methods that the sources call, and of Powertools' store."""
    clients = ("dynamodb", "dynamodbstreams", "events", "firehose", "kms", "lambda", "s3")
    session = botocore.session.get_session()
    operations = {
        xform_name(operation): operation
        for service in (*clients, "secretsmanager", "sns", "sqs", "stepfunctions")
        for operation in session.get_service_model(service).operation_names
    }
    methods = {
        node.func.attr
        for path in SOURCES.glob("*/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    called = {operations[method] for method in methods & operations.keys()}
    return called | {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}


def tasks(machine: dict[str, Any]) -> Iterator[str]:
    for state in machine["States"].values():
        if state["Type"] == "Task":
            yield state["Resource"].rpartition(":")[2]
        for branch in state.get("Branches", []):
            yield from tasks(branch)
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"])


def test_the_actions_behind_every_call_of_the_code_are_known() -> None:
    called = calls_of_the_code()

    assert {"PutEvents", "TransactWriteItems", "GetSecretValue", "Encrypt"} <= called
    assert called <= Actions(PLAN).known


def test_the_actions_behind_every_task_of_the_workflows_are_known() -> None:
    called = {each for machine in PLAN.machines.values() for each in tasks(machine.definition)}

    assert {"putEvents", "transactWriteItems"} <= called
    assert {each[0].upper() + each[1:] for each in called} <= Actions(PLAN).known
