"""How things get from one to the next: rules, pipes and schedules."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.simulation.patterns import check
from tests.simulation.plan import ENDLESS, PipeSpec, RuleSpec, ScheduleSpec, TargetSpec
from tests.simulation.reading import names
from tests.simulation.reading.compute import filters
from tests.simulation.reading.directory import BUS, FUNCTION, QUEUE, ROLE, Directory
from tests.simulation.reading.given import Given
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood

RULE = "AWS::Events::Rule"
PIPE = "AWS::Pipes::Pipe"
SCHEDULE = "AWS::Scheduler::Schedule"

# What bus and scheduler take where the template says nothing.
RETRIES = 185
AGE_SECONDS = 86_400
PIPE_BATCH = 100

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
HOURLY = re.compile(r"cron\(\d+ \* \* \* \? \*\)")
DAILY = re.compile(r"cron\(\d+ \d+ \* \* \? \*\)")


class Delivery:
    def __init__(self, resolver: Resolver, directory: Directory) -> None:
        self._resolver = resolver
        self._directory = directory

    def rules(self) -> Iterator[RuleSpec]:
        """Rules with a pattern; those with a time are schedules."""
        for logical_id, values in self._resolver.of_type(RULE):
            if "ScheduleExpression" in values:
                continue
            given = Given(logical_id, values)
            given.irrelevant("Description", "Name", "Tags")
            pattern = given.must("EventPattern")
            check(pattern, f"{logical_id}.EventPattern")
            bus = given.may("EventBusName", "default")
            if bus != "default":
                self._directory.named(BUS, names.arn(BUS, bus), given.place)
            yield RuleSpec(
                name=logical_id,
                arn=self._resolver.arn(logical_id),
                bus=bus,
                pattern=pattern,
                enabled=given.may("State", "ENABLED") == "ENABLED",
                targets=tuple(self._target(each) for each in given.sections("Targets")),
            )
            given.close()

    def _target(self, given: Given) -> TargetSpec:
        arn = given.must("Arn")
        kind, name = self._directory.target(arn, given.place)
        letters, retry = given.section("DeadLetterConfig"), given.section("RetryPolicy")
        transformer = given.may("InputTransformer")
        return TargetSpec(
            id=given.must("Id"),
            kind=kind,
            name=name,
            arn=arn,
            role=self._directory.maybe(ROLE, given.may("RoleArn"), given.place),
            max_age_seconds=retry.number("MaximumEventAgeInSeconds", AGE_SECONDS),
            max_attempts=retry.number("MaximumRetryAttempts", RETRIES),
            letters=self._directory.maybe(QUEUE, letters.may("Arn"), letters.place),
            input_path=given.may("InputPath"),
            transformer=transformer,
        )

    def pipes(self) -> Iterator[PipeSpec]:
        for logical_id, values in self._resolver.of_type(PIPE):
            given = Given(logical_id, values)
            given.irrelevant("Description", "LogConfiguration", "Name", "Tags")
            given.expect("DesiredState", "RUNNING")
            yield self._pipe(logical_id, given)
            given.close()

    def _pipe(self, logical_id: str, given: Given) -> PipeSpec:
        source = given.section("SourceParameters")
        stream = source.section("DynamoDBStreamParameters")
        letters = stream.section("DeadLetterConfig")
        target = given.section("TargetParameters")
        entry = target.section("EventBridgeEventBusParameters")
        table = self._directory.table_of_stream(given.must("Source"))
        if table is None:
            raise NotUnderstood(given.place, "a source that is no table's stream")
        bisect = stream.may("OnPartialBatchItemFailure")
        return PipeSpec(
            name=logical_id,
            arn=self._resolver.arn(logical_id),
            role=self._directory.named(ROLE, given.must("RoleArn"), given.place),
            source_table=table,
            filters=filters(source.section("FilterCriteria")),
            starting_position=stream.must("StartingPosition"),
            batch_size=stream.number("BatchSize", PIPE_BATCH),
            window_seconds=stream.number("MaximumBatchingWindowInSeconds", 0),
            parallelization=stream.number("ParallelizationFactor", 1),
            bisect=bisect == "AUTOMATIC_BISECT",
            max_retries=stream.number("MaximumRetryAttempts", ENDLESS),
            max_age_seconds=stream.number("MaximumRecordAgeInSeconds", ENDLESS),
            letters=self._directory.maybe(QUEUE, letters.may("Arn"), letters.place),
            enrichment=self._directory.maybe(FUNCTION, given.may("Enrichment"), given.place),
            enrichment_template=given.section("EnrichmentParameters").may("InputTemplate"),
            target_bus=self._directory.named(BUS, given.must("Target"), given.place),
            source=entry.must("Source"),
            detail_type=entry.must("DetailType"),
            input_template=target.may("InputTemplate"),
        )

    def schedules(self) -> Iterator[ScheduleSpec]:
        yield from self._of_the_scheduler()
        yield from self._of_the_bus()

    def _of_the_scheduler(self) -> Iterator[ScheduleSpec]:
        for logical_id, values in self._resolver.of_type(SCHEDULE):
            given = Given(logical_id, values)
            given.irrelevant("Description", "FlexibleTimeWindow", "Name")
            given.irrelevant("ScheduleExpressionTimezone")
            group = given.may("GroupName", "default")
            yield self._schedule(
                logical_id,
                given,
                given.section("Target"),
                "scheduler.amazonaws.com",
                # The scheduler says which group it acts for, never which schedule.
                names.arn("AWS::Scheduler::ScheduleGroup", group),
            )
            given.close()

    def _of_the_bus(self) -> Iterator[ScheduleSpec]:
        for logical_id, values in self._resolver.of_type(RULE):
            if "ScheduleExpression" not in values:
                continue
            given = Given(logical_id, values)
            given.irrelevant("Description", "Name", "Tags")
            for target in given.sections("Targets"):
                target.irrelevant("Id")
                yield self._schedule(
                    logical_id,
                    given,
                    target,
                    "events.amazonaws.com",
                    self._resolver.arn(logical_id),
                )
            given.close()

    def _schedule(
        self, logical_id: str, given: Given, target: Given, service: str, source_arn: str
    ) -> ScheduleSpec:
        kind, name = self._directory.target(target.must("Arn"), target.place)
        letters, retry = target.section("DeadLetterConfig"), target.section("RetryPolicy")
        spoken = target.may("Input")
        return ScheduleSpec(
            name=logical_id,
            service=service,
            source_arn=source_arn,
            enabled=given.may("State", "ENABLED") == "ENABLED",
            every_seconds=every(given.must("ScheduleExpression"), given.place),
            kind=kind,
            target=name,
            input=None if spoken is None else json.loads(spoken),
            max_attempts=retry.number("MaximumRetryAttempts", RETRIES),
            max_age_seconds=retry.number("MaximumEventAgeInSeconds", AGE_SECONDS),
            letters=self._directory.maybe(QUEUE, letters.may("Arn"), letters.place),
            role=self._directory.maybe(ROLE, target.may("RoleArn"), target.place),
        )


def every(expression: Any, place: str) -> int:
    """Seconds from one run to the next; a cron expression only where that is always the same."""
    rate = RATE.fullmatch(expression)
    if rate:
        return int(rate.group(1)) * UNIT_SECONDS[rate.group(2)]
    if HOURLY.fullmatch(expression):
        return UNIT_SECONDS["hour"]
    if DAILY.fullmatch(expression):
        return UNIT_SECONDS["day"]
    raise NotUnderstood(place, f"the schedule {expression}")
