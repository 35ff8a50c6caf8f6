"""Which resource an ARN or a function's name means."""

from typing import Any

from tests.simulation.plan import TargetKind
from tests.simulation.reading import names
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood

TABLE = "AWS::DynamoDB::Table"
FUNCTION = "AWS::Lambda::Function"
MACHINE = "AWS::StepFunctions::StateMachine"
QUEUE = "AWS::SQS::Queue"
ROLE = "AWS::IAM::Role"
BUS = "AWS::Events::EventBus"
KEY = "AWS::KMS::Key"

TARGETS: dict[str, TargetKind] = {
    QUEUE: "queue",
    MACHINE: "machine",
    FUNCTION: "function",
    BUS: "bus",
    "AWS::KinesisFirehose::DeliveryStream": "firehose",
    "AWS::SNS::Topic": "topic",
}

# The rest goes by the name that code calls it.
KEYED_BY_LOGICAL_ID = {MACHINE, ROLE, KEY}


class Directory:
    """The deployed resources by ARN."""

    def __init__(self, resolver: Resolver) -> None:
        self._found: dict[str, tuple[str, str]] = {}
        self._tables: dict[str, str] = {}
        for logical_id, type_name in resolver.types():
            if type_name in names.ARN:
                name = resolver.name(logical_id)
                keyed = logical_id if type_name in KEYED_BY_LOGICAL_ID else name
                self._found[names.arn(type_name, name)] = (type_name, keyed)
                if type_name == TABLE:
                    self._tables[names.stream_arn(name)] = name

    def named(self, type_name: str, arn: Any, place: str) -> str:
        """The name of the resource of this type that the ARN means."""
        found, name = self._found.get(arn, ("nothing that is deployed", ""))
        if found != type_name:
            raise NotUnderstood(place, f"{arn} should be {type_name} and is {found}")
        return name

    def maybe(self, type_name: str, arn: Any, place: str) -> str | None:
        return None if arn is None else self.named(type_name, arn, place)

    def target(self, arn: Any, place: str) -> tuple[TargetKind, str]:
        """What events are delivered to: ("queue", "PostQueue")."""
        type_name, name = self._found.get(arn, ("nothing that is deployed", ""))
        if type_name not in TARGETS:
            raise NotUnderstood(place, f"{arn} is {type_name}, no target that is simulated")
        return TARGETS[type_name], name

    def table_of_stream(self, arn: Any) -> str | None:
        return self._tables.get(arn)

    def function(self, given: str, place: str) -> str:
        """A function by its name or by its ARN."""
        arn = given if given.startswith("arn:") else names.arn(FUNCTION, given)
        return self.named(FUNCTION, arn, place)

    def key(self, given: Any, place: str) -> str | None:
        """A key's ARN, by its id or its ARN."""
        if given is None:
            return None
        arn = given if given.startswith("arn:") else names.arn(KEY, given)
        self.named(KEY, arn, place)
        return str(arn)
