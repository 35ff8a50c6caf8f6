"""The deployed stack as CloudFormation describes it: resources with their properties resolved.

Understands the intrinsic functions that the templates of this project use, and refuses others.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local import aws
from local.endpoint import Endpoint
from local.errors import LocalError

NO_VALUE = object()
PLACEHOLDER = re.compile(r"\$\{(!?)([\w:.]+)\}")

# The attributes that are a fixed form of the physical id; `{id}` is the physical id.
ARN = "arn:aws:{service}:{region}:{account}:{kind}{id}"
ARN_FORMS: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::Events::EventBus": ("events", "event-bus/"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/"),
    "AWS::KMS::Key": ("kms", "key/"),
    "AWS::Pipes::Pipe": ("pipes", "pipe/"),
    "AWS::SQS::Queue": ("sqs", ""),
}


def read(endpoint: Endpoint) -> "DeployedStack":
    """The stack that the endpoint names, as it stands now."""
    cloudformation = aws.client(endpoint, "cloudformation")
    name = endpoint.stack_name
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    body = cloudformation.get_template(StackName=name)["TemplateBody"]
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return DeployedStack(
        endpoint,
        json.loads(body) if isinstance(body, str) else dict(body),
        {one["LogicalResourceId"]: str(one["PhysicalResourceId"]) for one in resources},
        {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])},
    )


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; `physical_id` is empty when a condition kept it out of the stack."""

    logical_id: str
    type: str
    physical_id: str
    properties: dict[str, Any]


class DeployedStack:
    """What stands on the engine, and what the template meant by it."""

    def __init__(
        self,
        endpoint: Endpoint,
        template: dict[str, Any],
        physical_ids: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> None:
        self._endpoint = endpoint
        self._template = template
        self._physical = physical_ids
        self._values: dict[str, Any] = {
            "AWS::Region": endpoint.region,
            "AWS::AccountId": endpoint.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": endpoint.stack_name,
            "AWS::NoValue": NO_VALUE,
            **parameters,
        }

    def resources(self, type_name: str) -> Iterator[Resource]:
        """Every resource of the type, whether its condition held or not, in template order."""
        for logical_id, source in self._template["Resources"].items():
            if source["Type"] == type_name:
                yield Resource(
                    logical_id,
                    type_name,
                    self._physical.get(logical_id, ""),
                    self.resolve(source.get("Properties", {})),
                )

    def resolve(self, value: Any) -> Any:
        """The value with its intrinsic functions carried out; NO_VALUE members fall away."""
        if isinstance(value, list):
            return [done for one in value if (done := self.resolve(one)) is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::") or name == "Condition":
                return self._intrinsic(name, argument)
        resolved = {key: self.resolve(member) for key, member in value.items()}
        return {key: member for key, member in resolved.items() if member is not NO_VALUE}

    def _intrinsic(self, name: str, argument: Any) -> Any:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": lambda given: given[0].join(map(str, self.resolve(given[1]))),
            "Fn::Select": lambda given: self.resolve(given[1])[int(self.resolve(given[0]))],
            "Fn::Split": lambda given: self.resolve(given[1]).split(given[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": lambda given: self.resolve(given[0]) == self.resolve(given[1]),
            "Fn::Not": lambda given: not self.resolve(given[0]),
            "Fn::And": lambda given: all(self.resolve(one) for one in given),
            "Fn::Or": lambda given: any(self.resolve(one) for one in given),
        }
        if name not in functions:
            raise LocalError(f"the local system does not know {name}: add it to local/deployed.py")
        return functions[name](argument)

    def _ref(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self._physical:
            return self._physical[name]
        if name in self._template["Resources"]:
            return NO_VALUE
        raise LocalError(f"the template refers to {name}, which it does not define")

    def _condition(self, name: str) -> bool:
        return bool(self.resolve(self._template["Conditions"][name]))

    def _if(self, given: list[Any]) -> Any:
        return self.resolve(given[1] if self._condition(given[0]) else given[2])

    def _find_in_map(self, given: list[Any]) -> Any:
        first, second, third = (self.resolve(key) for key in given)
        return self._template["Mappings"][first][second][third]

    def _sub(self, given: Any) -> str:
        text, names = given if isinstance(given, list) else (given, {})

        def fill(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in names:
                return str(self.resolve(names[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return PLACEHOLDER.sub(fill, text)

    def _get_att(self, given: Any) -> Any:
        logical_id, attribute = given.split(".", 1) if isinstance(given, str) else given
        physical_id = self._physical.get(logical_id)
        if physical_id is None:
            return NO_VALUE
        type_name = self._template["Resources"][logical_id]["Type"]
        known = self._attribute(type_name, physical_id, attribute)
        if known is None:
            raise LocalError(
                f"the local system does not know {type_name}.{attribute}: add it to "
                "local/deployed.py"
            )
        return known

    def _attribute(self, type_name: str, physical_id: str, attribute: str) -> str | None:
        match type_name, attribute:
            case "AWS::DynamoDB::Table", "StreamArn":
                table = aws.client(self._endpoint, "dynamodb").describe_table(TableName=physical_id)
                return str(table["Table"]["LatestStreamArn"])
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{self._endpoint.account}:role/{physical_id}"
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{physical_id}"
            case "AWS::SQS::Queue", "QueueName":
                return physical_id.rpartition("/")[2]
            case "AWS::Events::EventBus", "Name":
                return physical_id
            case _, "Arn" | "TopicArn" if physical_id.startswith("arn:"):
                return physical_id
            case _, "Arn" if type_name in ARN_FORMS:
                service, kind = ARN_FORMS[type_name]
                return ARN.format(
                    service=service,
                    kind=kind,
                    region=self._endpoint.region,
                    account=self._endpoint.account,
                    # A queue's physical id is its address.
                    id=physical_id.rpartition("/")[2],
                )
        return None
