"""The deployed system as the template describes it, ready to be simulated."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol

from tests.simulation.plan import Plan
from tests.simulation.reading import expansion
from tests.simulation.reading.compute import Compute
from tests.simulation.reading.delivery import Delivery
from tests.simulation.reading.directory import Directory
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.policies import Policies
from tests.simulation.reading.refusal import NotUnderstood
from tests.simulation.reading.stores import Stores

READ = {
    "AWS::ApiGateway::RestApi",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Pipes::Pipe",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
}

# They deliver nothing and let nobody in.
IRRELEVANT = {
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Archive",  # a replay is asked for by a person, through the bus itself
    "AWS::KMS::Alias",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter",
    "AWS::SNS::Subscription",  # the system ends at its topics
    "AWS::Scheduler::ScheduleGroup",
}


def deployed(changes: Callable[[dict[str, Any]], None] | None = None) -> Plan:
    """The plan of the template as it stands, or as `changes` leaves the expanded template.

    `changes` edits what SAM makes of the template, {"Resources": {"PostQueue": {..}, ..}, ..}; a
    machine's ASL stands under its "Definition". Raises NotUnderstood, naming the place, for what
    is not simulated.
    """
    if changes is None:
        return _as_it_stands()
    template = expansion.fresh()
    changes(template)
    return plan_of(template)


@cache
def _as_it_stands() -> Plan:
    return plan_of(expansion.fresh())


def plan_of(template: dict[str, Any]) -> Plan:
    resolver = Resolver(template)
    for logical_id, type_name in resolver.types():
        if type_name not in READ | IRRELEVANT:
            raise NotUnderstood(logical_id, f"the type {type_name} is not simulated")
    directory = Directory(resolver)
    stores, compute = Stores(resolver, directory), Compute(resolver, directory)
    delivery, policies = Delivery(resolver, directory), Policies(resolver, directory)
    return Plan(
        tables=_by_name(stores.tables()),
        queues=_by_name(stores.queues()),
        buckets=_by_name(stores.buckets()),
        functions=_by_name(compute.functions()),
        mappings=tuple(compute.mappings()),
        rules=tuple(delivery.rules()),
        pipes=tuple(delivery.pipes()),
        schedules=tuple(delivery.schedules()),
        machines=_by_name(compute.machines()),
        buses=_by_name(stores.buses()),
        firehoses=_by_name(stores.firehoses()),
        topics=_by_name(stores.topics()),
        secrets=_by_name(stores.secrets()),
        keys=stores.keys(),
        routes=tuple(compute.routes()),
        roles=_by_name(policies.roles()),
        resource_policies=tuple(policies.of_resources()),
    )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def _by_name[Spec: _Named](specs: Iterable[Spec]) -> dict[str, Spec]:
    return {spec.name: spec for spec in specs}
