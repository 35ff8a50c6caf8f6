"""Permissions of services: what the policies of queues, keys and functions say, and trust."""

from typing import Any

from tests.simulation import template
from tests.simulation.permissions import Permissions
from tests.simulation.template_changes import policy, with_policy

PLAN = template.deployed()
RULES = {rule.name: rule for rule in PLAN.rules}
EVENTS = "events.amazonaws.com"


def test_the_queue_of_posting_takes_from_its_own_rule_only() -> None:
    permissions = Permissions(PLAN)
    queue = PLAN.queues["PostQueue"].arn

    def sends(source: str, service: str = EVENTS) -> bool:
        return permissions.service_allows(service, "sqs:SendMessage", queue, source)

    assert sends(RULES["DecidedRule"].arn)
    assert not sends(RULES["AuthorizedRule"].arn)
    assert not sends(PLAN.buses["posting"].arn)
    assert not sends(RULES["DecidedRule"].arn, "sns.amazonaws.com")


def test_every_rule_reaches_its_targets_and_their_letters() -> None:
    permissions = Permissions(PLAN)
    actions = {"queue": "sqs:SendMessage", "topic": "sns:Publish"}

    for rule in PLAN.rules:
        for target in rule.targets:
            if target.role is None:
                action = actions[target.kind]
                assert permissions.service_allows(EVENTS, action, target.arn, rule.arn), rule.name
            else:
                assert permissions.may_assume(EVENTS, target.role, rule.arn), rule.name
            letters = PLAN.queues[target.letters or ""].arn
            assert permissions.service_allows(EVENTS, "sqs:SendMessage", letters, rule.arn)


def test_a_rule_needs_the_key_of_the_queue_that_it_sends_to() -> None:
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    only_the_account = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    plan = with_policy("DataKey", "KeyPolicy", only_the_account)
    permissions = Permissions(plan)
    rule, queue = RULES["DecidedRule"].arn, PLAN.queues["PostQueue"].arn

    assert not permissions.service_allows(EVENTS, "sqs:SendMessage", queue, rule)
    assert not permissions.bus_may_encrypt("posting")
    assert Permissions(PLAN).bus_may_encrypt("posting")
    letters = PLAN.queues["BusDeadLetters"].arn
    bus = PLAN.buses["posting"].arn
    assert permissions.service_allows(EVENTS, "sqs:SendMessage", letters, bus)


def test_a_role_is_taken_on_by_its_own_source_only() -> None:
    permissions = Permissions(PLAN)
    inbox, journal = PLAN.pipes

    assert permissions.may_assume("pipes.amazonaws.com", inbox.role, inbox.arn)
    assert not permissions.may_assume("pipes.amazonaws.com", inbox.role, journal.arn)
    assert not permissions.may_assume("lambda.amazonaws.com", inbox.role, inbox.arn)
    for schedule in PLAN.schedules:
        role = schedule.role or ""
        assert permissions.may_assume(schedule.service, role, schedule.source_arn)
    for machine in PLAN.machines.values():
        assert permissions.may_assume("states.amazonaws.com", machine.role, machine.arn)


def test_the_api_invokes_the_function_behind_each_path_and_no_other() -> None:
    permissions = Permissions(PLAN)
    gateway, action = "apigateway.amazonaws.com", "lambda:InvokeFunction"
    functions = {route.function: PLAN.functions[route.function].arn for route in PLAN.routes}

    assert len(functions) > 1
    for route in PLAN.routes:
        for name, arn in functions.items():
            allowed = permissions.service_allows(gateway, action, arn, route.source_arn)
            assert allowed == (name == route.function)


def test_the_refusal_of_one_policy_wins_over_the_grant_of_another() -> None:
    deny = {"Effect": "Deny", "Principal": {"Service": EVENTS}, "Action": "sqs:*", "Resource": "*"}

    def change(expanded: dict[str, Any]) -> None:
        properties = {"Queues": [{"Ref": "PostQueue"}], "PolicyDocument": policy(deny)}
        expanded["Resources"]["More"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}

    permissions = Permissions(template.deployed(change))
    queue, rule = PLAN.queues["PostQueue"].arn, RULES["DecidedRule"].arn
    assert not permissions.service_allows(EVENTS, "sqs:SendMessage", queue, rule)
