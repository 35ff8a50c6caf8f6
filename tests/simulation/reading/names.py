"""What things are called once they are deployed: names, addresses and ARNs as AWS writes them.

A resource without a name of its own goes by its logical id.
"""

import uuid
from collections.abc import Mapping

ACCOUNT = "123456789012"
REGION = "eu-central-1"
STACK = "posting"

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}

# The property that gives a resource a name of its own.
NAME_PROPERTY: Mapping[str, str] = {
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::Pipes::Pipe": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}

# What follows "arn:aws:"; {} is the name. A rule's name has its bus before it.
_HERE = f"{REGION}:{ACCOUNT}"
ARN: Mapping[str, str] = {
    "AWS::CloudTrail::Trail": f"cloudtrail:{_HERE}:trail/{{}}",
    "AWS::DynamoDB::Table": f"dynamodb:{_HERE}:table/{{}}",
    "AWS::Events::Archive": f"events:{_HERE}:archive/{{}}",
    "AWS::Events::EventBus": f"events:{_HERE}:event-bus/{{}}",
    "AWS::Events::Rule": f"events:{_HERE}:rule/{{}}",
    "AWS::IAM::ManagedPolicy": f"iam::{ACCOUNT}:policy/{{}}",
    "AWS::IAM::Role": f"iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"kms:{_HERE}:key/{{}}",
    "AWS::KinesisFirehose::DeliveryStream": f"firehose:{_HERE}:deliverystream/{{}}",
    "AWS::Lambda::Function": f"lambda:{_HERE}:function:{{}}",
    # Its own attribute ends in a star, so that it covers the streams of the group.
    "AWS::Logs::LogGroup": f"logs:{_HERE}:log-group:{{}}:*",
    "AWS::Pipes::Pipe": f"pipes:{_HERE}:pipe/{{}}",
    "AWS::S3::Bucket": "s3:::{}",
    "AWS::SNS::Topic": f"sns:{_HERE}:{{}}",
    "AWS::SQS::Queue": f"sqs:{_HERE}:{{}}",
    "AWS::Scheduler::Schedule": f"scheduler:{_HERE}:schedule/default/{{}}",
    "AWS::Scheduler::ScheduleGroup": f"scheduler:{_HERE}:schedule-group/{{}}",
    "AWS::SecretsManager::Secret": f"secretsmanager:{_HERE}:secret:{{}}-Ab12Cd",
    "AWS::StepFunctions::StateMachine": f"states:{_HERE}:stateMachine:{{}}",
}

# What a Ref gives where it is not the name.
REF_IS_ARN = {
    "AWS::IAM::ManagedPolicy",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
}
REF_IS_NAME = {
    "AWS::ApiGateway::RestApi",
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::Table",
    "AWS::Events::Archive",
    "AWS::Events::EventBus",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Pipes::Pipe",
    "AWS::S3::Bucket",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}

# Attributes under which a resource gives its ARN, and its name.
ARN_ATTRIBUTES = {"Arn", "TopicArn", "PolicyArn"}
NAME_ATTRIBUTES = {
    ("AWS::Events::EventBus", "Name"),
    ("AWS::KMS::Key", "KeyId"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::StepFunctions::StateMachine", "Name"),
}


def arn(type_name: str, name: str) -> str:
    return "arn:aws:" + ARN[type_name].format(name)


def stream_arn(table: str) -> str:
    return arn("AWS::DynamoDB::Table", table) + "/stream/2026-01-01T00:00:00.000"


def queue_url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def mapping_id(logical_id: str) -> str:
    """An event source mapping is named by a UUID that the service draws."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, logical_id))


def mapping_arn(identity: str) -> str:
    return f"arn:aws:lambda:{_HERE}:event-source-mapping:{identity}"


def method_arn(api: str, method: str, path: str) -> str:
    """What the API gives as its source when it invokes a function."""
    return f"arn:aws:execute-api:{_HERE}:{api}/live/{method}{path}"


def reference(type_name: str, name: str) -> str | None:
    """What a Ref gives; None where it is not known here. A queue gives its address."""
    if type_name in REF_IS_NAME:
        return name
    if type_name in REF_IS_ARN:
        return arn(type_name, name)
    if type_name == "AWS::SQS::Queue":
        return queue_url(name)
    if type_name == "AWS::Lambda::EventSourceMapping":
        return mapping_id(name)
    return None


def attribute(type_name: str, name: str, wanted: str) -> str | None:
    """What a GetAtt gives; None where it is not known here."""
    if wanted in ARN_ATTRIBUTES and type_name in ARN:
        return arn(type_name, name)
    if (type_name, wanted) in NAME_ATTRIBUTES:
        return name
    return _other_attribute(type_name, name, wanted)


def _other_attribute(type_name: str, name: str, wanted: str) -> str | None:
    match type_name, wanted:
        case "AWS::DynamoDB::Table", "StreamArn":
            return stream_arn(name)
        case "AWS::SQS::Queue", "QueueUrl":
            return queue_url(name)
        case "AWS::SecretsManager::Secret", "Id":
            return arn(type_name, name)
        case "AWS::Lambda::EventSourceMapping", "Id":
            return mapping_id(name)
        case "AWS::Lambda::EventSourceMapping", "EventSourceMappingArn":
            return mapping_arn(mapping_id(name))
        case _:
            return None
