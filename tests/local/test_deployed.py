from typing import Any

import pytest

from local.deployed import DeployedStack
from local.endpoint import Endpoint
from local.errors import LocalError

ENDPOINT = Endpoint("http://engine", "us-east-1", "mini", "test", "test", "000000000000")

TEMPLATE: dict[str, Any] = {
    "Conditions": {
        "All": {"Fn::Equals": [{"Ref": "Types"}, "all"]},
        "Core": {"Fn::Not": [{"Condition": "All"}]},
        "Both": {"Fn::And": [{"Condition": "All"}, {"Condition": "Core"}]},
        "Either": {"Fn::Or": [{"Condition": "All"}, {"Condition": "Core"}]},
    },
    "Mappings": {"Width": {"core": {"Post": 2}}},
    "Resources": {
        "Bus": {"Type": "AWS::Events::EventBus"},
        "Role": {"Type": "AWS::IAM::Role"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
        "Archive": {
            "Type": "AWS::Events::Archive",
            "Condition": "All",
            "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "RetentionDays": 30},
        },
    },
}
PHYSICAL = {
    "Bus": "mini-bus",
    "Role": "mini-role",
    "Queue": "http://localhost:1/000000000000/mini-queue",
    "Bucket": "mini-bucket",
    "Machine": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
}


def stack() -> DeployedStack:
    return DeployedStack(ENDPOINT, TEMPLATE, PHYSICAL, {"Types": "core"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Types"}, "core"),
        ({"Ref": "AWS::StackName"}, "mini"),
        ({"Ref": "Bus"}, "mini-bus"),
        (
            {"Fn::GetAtt": ["Bus", "Arn"]},
            "arn:aws:events:us-east-1:000000000000:event-bus/mini-bus",
        ),
        ({"Fn::GetAtt": "Role.Arn"}, "arn:aws:iam::000000000000:role/mini-role"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:us-east-1:000000000000:mini-queue"),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "mini-queue"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::mini-bucket"),
        ({"Fn::GetAtt": ["Machine", "Arn"]}, PHYSICAL["Machine"]),
        (
            {"Fn::Sub": "${Bus}/${Role.Arn}/${!Kept}"},
            "mini-bus/arn:aws:iam::000000000000:role/mini-role/${Kept}",
        ),
        ({"Fn::Sub": ["${x}-${AWS::Region}", {"x": {"Ref": "Types"}}]}, "core-us-east-1"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Types"}]]}, "a-core"),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::FindInMap": ["Width", {"Ref": "Types"}, "Post"]}, 2),
        ({"Fn::If": ["Core", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        (
            {
                "a": {"Fn::If": ["All", 1, {"Ref": "AWS::NoValue"}]},
                "b": [1, {"Ref": "AWS::NoValue"}],
            },
            {"b": [1]},
        ),
        ({"Targets": [{"Arn": {"Ref": "Archive"}}]}, {"Targets": [{}]}),
    ],
)
def test_intrinsic_functions_are_carried_out(value: Any, expected: Any) -> None:
    assert stack().resolve(value) == expected


@pytest.mark.parametrize(
    "value",
    [{"Fn::Cidr": ["10.0.0.0/16", 1]}, {"Fn::GetAtt": ["Bus", "Colour"]}, {"Ref": "Nobody"}],
)
def test_what_is_not_known_is_refused_by_name(value: Any) -> None:
    with pytest.raises(LocalError, match=r"Fn::Cidr|Colour|Nobody"):
        stack().resolve(value)


def test_a_resource_that_its_condition_kept_out_has_its_properties_and_no_id() -> None:
    (archive,) = stack().resources("AWS::Events::Archive")

    assert archive.physical_id == ""
    assert archive.properties == {
        "SourceArn": "arn:aws:events:us-east-1:000000000000:event-bus/mini-bus",
        "RetentionDays": 30,
    }
