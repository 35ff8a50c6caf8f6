"""CloudFormation's functions: carried out as on AWS, refused where they cannot be."""

from typing import Any

import pytest

from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood

TEMPLATE = {
    "Parameters": {"Days": {"Type": "Number", "Default": 90}, "Nobody": {"Type": "String"}},
    "Mappings": {"Sizes": {"aws": {"Workers": 20}}},
    "Conditions": {
        "OnAws": {"Fn::Equals": [{"Ref": "Days"}, "90"]},
        "Elsewhere": {"Fn::Not": [{"Condition": "OnAws"}]},
        "Both": {"Fn::And": [{"Condition": "OnAws"}, {"Condition": "Elsewhere"}]},
        "Either": {"Fn::Or": [{"Condition": "OnAws"}, {"Condition": "Elsewhere"}]},
    },
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Ref": "AWS::StackName"}}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": "orders", "EventBusName": {"Ref": "Bus"}},
        },
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}},
        "Topic": {"Type": "AWS::SNS::Topic", "Condition": "Elsewhere"},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
    },
}

RESOLVED: list[tuple[Any, Any]] = [
    ({"Ref": "Days"}, "90"),
    ({"Ref": "AWS::Region"}, "eu-central-1"),
    ({"Ref": "Table"}, "Table"),
    ({"Ref": "Queue"}, "https://sqs.eu-central-1.amazonaws.com/123456789012/Queue"),
    ({"Ref": "Machine"}, "arn:aws:states:eu-central-1:123456789012:stateMachine:Machine"),
    ({"Ref": "Bus"}, "posting"),
    ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-central-1:123456789012:Queue"),
    ({"Fn::GetAtt": "Queue.QueueName"}, "Queue"),
    (
        {"Fn::GetAtt": ["Rule", "Arn"]},
        "arn:aws:events:eu-central-1:123456789012:rule/posting/orders",
    ),
    ({"Fn::Sub": "${AWS::StackName}-${Table}/${!literal}"}, "posting-Table/${literal}"),
    ({"Fn::Sub": "${Queue.QueueName}"}, "Queue"),
    ({"Fn::Sub": ["${Name}-${Days}", {"Name": {"Ref": "Bus"}}]}, "posting-90"),
    ({"Fn::Join": ["-", ["a", {"Ref": "Days"}]]}, "a-90"),
    ({"Fn::If": ["OnAws", "all", {"Ref": "Nothing"}]}, "all"),
    ({"Fn::If": ["Both", "both", "not both"]}, "not both"),
    ({"Fn::If": ["Either", "either", "neither"]}, "either"),
    ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b/c"]}]}, "b"),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Partition"}, "Workers"]}, 20),
    ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
    ({"kept": 1, "gone": {"Fn::If": ["Elsewhere", 1, {"Ref": "AWS::NoValue"}]}}, {"kept": 1}),
    ({"Condition": {"Bool": {"a": "b"}}}, {"Condition": {"Bool": {"a": "b"}}}),
]
REFUSED: list[tuple[Any, str]] = [
    ({"Fn::ImportValue": "other-stack"}, "Fn::ImportValue"),
    ({"Fn::GetAZs": ""}, "Fn::GetAZs"),
    ({"Ref": "Missing"}, "does not define Missing"),
    ({"Ref": "Topic"}, "Topic is not deployed"),
    ({"Ref": "Nobody"}, "has no default"),
    ({"Ref": "Alarm"}, "a Ref to Alarm"),
    ({"Fn::GetAtt": ["Table", "Colour"]}, "the attribute Table.Colour"),
    ({"Fn::Sub": "${Missing}"}, "does not define Missing"),
    ({"Fn::If": ["Missing", 1, 2]}, "the condition Missing"),
    ({"Fn::FindInMap": ["Sizes", "aws", "Cooks"]}, "no entry Cooks"),
]


@pytest.mark.parametrize(("value", "expected"), RESOLVED, ids=str)
def test_a_function_is_carried_out_as_on_aws(value: Any, expected: Any) -> None:
    assert Resolver(TEMPLATE).resolve({"value": value}, "here") == {"value": expected}


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=str)
def test_what_cannot_be_resolved_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=rf"^here\.deep\[0\].*: .*{why}"):
        Resolver(TEMPLATE).resolve({"deep": [value]}, "here")


def test_a_resource_is_deployed_unless_its_condition_says_no() -> None:
    assert "Topic" not in dict(Resolver(TEMPLATE).types())
    assert list(Resolver(TEMPLATE).of_type("AWS::SNS::Topic")) == []
