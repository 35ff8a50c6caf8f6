"""Roles with all that they may do, and the policies of what others come to."""

from collections.abc import Iterator
from typing import Any

from tests.simulation.plan import Condition, ResourcePolicy, RoleSpec, Statement
from tests.simulation.reading import names
from tests.simulation.reading.directory import FUNCTION, KEY, ROLE, Directory
from tests.simulation.reading.given import Given
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood

SHARED = "AWS::IAM::ManagedPolicy"
BUCKET = "AWS::S3::Bucket"


class Policies:
    def __init__(self, resolver: Resolver, directory: Directory) -> None:
        self._resolver = resolver
        self._directory = directory

    def roles(self) -> Iterator[RoleSpec]:
        shared = dict(self._shared())
        for logical_id, values in self._resolver.of_type(ROLE):
            given = Given(logical_id, values)
            given.irrelevant("Description", "MaxSessionDuration", "Path", "RoleName", "Tags")
            statements = [
                statement
                for policy in given.may("Policies", [])
                for statement in statements_of(
                    policy["PolicyDocument"], f"{logical_id}.{policy['PolicyName']}"
                )
            ]
            for attached in given.may("ManagedPolicyArns", []):
                if attached not in shared:
                    raise NotUnderstood(logical_id, f"the policy {attached} is not in the template")
                statements.extend(shared[attached])
            yield RoleSpec(
                name=logical_id,
                arn=self._resolver.arn(logical_id),
                trust=statements_of(given.must("AssumeRolePolicyDocument"), f"{logical_id}.trust"),
                statements=tuple(statements),
            )
            given.close()

    def _shared(self) -> Iterator[tuple[str, tuple[Statement, ...]]]:
        for logical_id, values in self._resolver.of_type(SHARED):
            given = Given(logical_id, values)
            given.irrelevant("Description", "ManagedPolicyName", "Path")
            yield (
                self._resolver.arn(logical_id),
                statements_of(given.must("PolicyDocument"), logical_id),
            )
            given.close()

    def of_resources(self) -> Iterator[ResourcePolicy]:
        yield from self._of_queues()
        yield from self._of_topics()
        yield from self._of_buckets()
        yield from self._of_keys()
        yield from self._of_functions()
        for role in self.roles():
            yield ResourcePolicy(
                name=f"{role.name}.trust", attached_to=(role.arn,), statements=role.trust
            )

    def _of_queues(self) -> Iterator[ResourcePolicy]:
        for logical_id, values in self._resolver.of_type("AWS::SQS::QueuePolicy"):
            arns = (
                names.arn("AWS::SQS::Queue", url.rpartition("/")[2]) for url in values["Queues"]
            )
            yield self._policy(logical_id, tuple(arns), values["PolicyDocument"])

    def _of_topics(self) -> Iterator[ResourcePolicy]:
        for logical_id, values in self._resolver.of_type("AWS::SNS::TopicPolicy"):
            yield self._policy(logical_id, tuple(values["Topics"]), values["PolicyDocument"])

    def _of_buckets(self) -> Iterator[ResourcePolicy]:
        for logical_id, values in self._resolver.of_type("AWS::S3::BucketPolicy"):
            bucket = names.arn(BUCKET, values["Bucket"])
            yield self._policy(logical_id, (bucket,), values["PolicyDocument"])

    def _of_keys(self) -> Iterator[ResourcePolicy]:
        for logical_id, values in self._resolver.of_type(KEY):
            given = Given(logical_id, values)
            given.irrelevant("Description", "EnableKeyRotation", "PendingWindowInDays", "Tags")
            yield self._policy(logical_id, (names.arn(KEY, logical_id),), given.must("KeyPolicy"))
            given.close()

    def _of_functions(self) -> Iterator[ResourcePolicy]:
        for logical_id, values in self._resolver.of_type("AWS::Lambda::Permission"):
            given = Given(logical_id, values)
            name = self._directory.function(given.must("FunctionName"), given.place)
            conditions = []
            if (source := given.may("SourceArn")) is not None:
                conditions.append(Condition("ArnLike", "aws:SourceArn", (source,)))
            if (account := given.may("SourceAccount")) is not None:
                conditions.append(Condition("StringEquals", "aws:SourceAccount", (account,)))
            arn = names.arn(FUNCTION, name)
            statement = Statement(
                place=logical_id,
                allows=True,
                principals=(("Service", given.must("Principal")),),
                actions=(given.must("Action"),),
                resources=(arn,),
                conditions=tuple(conditions),
            )
            yield ResourcePolicy(name=logical_id, attached_to=(arn,), statements=(statement,))
            given.close()

    def _policy(self, name: str, arns: tuple[str, ...], document: dict[str, Any]) -> ResourcePolicy:
        return ResourcePolicy(name=name, attached_to=arns, statements=statements_of(document, name))


def statements_of(document: dict[str, Any], place: str) -> tuple[Statement, ...]:
    given = Given(place, document)
    given.irrelevant("Id")
    given.expect("Version", "2012-10-17")
    found = tuple(statement(each) for each in given.sections("Statement"))
    given.close()
    return found


def statement(given: Given) -> Statement:
    given.irrelevant("Sid")
    effect = given.must("Effect")
    if effect not in {"Allow", "Deny"}:
        raise NotUnderstood(given.place, f"the effect {effect}")
    return Statement(
        place=given.place,
        allows=effect == "Allow",
        principals=principals(given.may("Principal", {})),
        actions=listed(given.may("Action", [])),
        not_actions=listed(given.may("NotAction", [])),
        resources=listed(given.may("Resource", [])),
        not_resources=listed(given.may("NotResource", [])),
        conditions=tuple(
            Condition(operator, key, listed(values))
            for operator, tests in given.may("Condition", {}).items()
            for key, values in tests.items()
        ),
    )


def principals(given: Any) -> tuple[tuple[str, str], ...]:
    if given == "*":
        return (("*", "*"),)
    return tuple((kind, each) for kind, values in given.items() for each in listed(values))


def listed(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
