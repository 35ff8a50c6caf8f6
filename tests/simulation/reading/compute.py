"""What runs: functions with their environment, their sources, and state machines."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.simulation.patterns import check
from tests.simulation.plan import (
    ENDLESS,
    AsyncSpec,
    FunctionSpec,
    MachineSpec,
    MappingSpec,
    RouteSpec,
)
from tests.simulation.reading import names
from tests.simulation.reading.directory import FUNCTION, MACHINE, QUEUE, ROLE, Directory
from tests.simulation.reading.given import Given
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood
from tests.simulation.reading.stores import is_true

# What Lambda takes where the template says nothing.
TIMEOUT_SECONDS = 3
MEMORY = 128
ASYNC_RETRIES = 2
ASYNC_AGE_SECONDS = 21_600
QUEUE_BATCH = 10
STREAM_BATCH = 100

INTEGRATION = re.compile(r"functions/(arn:[^/]+)/invocations")
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


class Compute:
    def __init__(self, resolver: Resolver, directory: Directory) -> None:
        self._resolver = resolver
        self._directory = directory

    def functions(self) -> Iterator[FunctionSpec]:
        unwaited = dict(self._asynchronous())
        for logical_id, values in self._resolver.of_type(FUNCTION):
            given = Given(logical_id, values)
            given.irrelevant(
                "Architectures",
                "Code",
                "Description",
                "EphemeralStorage",
                "FunctionName",
                "Layers",
                "RecursiveLoop",
                "Runtime",
                "Tags",
            )
            name = self._resolver.name(logical_id)
            reserved = given.may("ReservedConcurrentExecutions")
            logs = given.section("LoggingConfig")
            logs.irrelevant("LogFormat", "ApplicationLogLevel", "SystemLogLevel")
            variables = given.section("Environment").may("Variables", {})
            yield FunctionSpec(
                name=name,
                arn=names.arn(FUNCTION, name),
                handler=given.must("Handler"),
                environment={key: str(value) for key, value in variables.items()},
                role=self._directory.named(ROLE, given.must("Role"), given.place),
                timeout_seconds=given.number("Timeout", TIMEOUT_SECONDS),
                memory=given.number("MemorySize", MEMORY),
                reserved_concurrency=None if reserved is None else int(reserved),
                asynchronous=unwaited.get(name, _UNCONFIGURED),
                log_group_arn=_log_group(logs.may("LogGroup")),
                traced=given.section("TracingConfig").may("Mode") == "Active",
            )
            given.close()

    def _asynchronous(self) -> Iterator[tuple[str, AsyncSpec]]:
        for logical_id, values in self._resolver.of_type("AWS::Lambda::EventInvokeConfig"):
            given = Given(logical_id, values)
            given.expect("Qualifier", "$LATEST")
            name = self._directory.function(given.must("FunctionName"), given.place)
            letters = given.section("DestinationConfig").section("OnFailure")
            yield (
                name,
                AsyncSpec(
                    max_retries=given.number("MaximumRetryAttempts", ASYNC_RETRIES),
                    max_age_seconds=given.number("MaximumEventAgeInSeconds", ASYNC_AGE_SECONDS),
                    letters=self._directory.maybe(QUEUE, letters.may("Destination"), letters.place),
                ),
            )
            given.close()

    def mappings(self) -> Iterator[MappingSpec]:
        for logical_id, values in self._resolver.of_type("AWS::Lambda::EventSourceMapping"):
            given = Given(logical_id, values)
            given.irrelevant("Tags", "MetricsConfig")
            yield self._mapping(logical_id, given)
            given.close()

    def _mapping(self, logical_id: str, given: Given) -> MappingSpec:
        source = given.must("EventSourceArn")
        table = self._directory.table_of_stream(source)
        letters = given.section("DestinationConfig").section("OnFailure")
        concurrency = given.section("ScalingConfig").may("MaximumConcurrency")
        uuid = names.mapping_id(logical_id)
        return MappingSpec(
            name=logical_id,
            uuid=uuid,
            arn=names.mapping_arn(uuid),
            enabled=is_true(given.may("Enabled", True)),
            source="stream" if table else "queue",
            source_name=table or self._directory.named(QUEUE, source, given.place),
            function=self._directory.function(given.must("FunctionName"), given.place),
            batch_size=given.number("BatchSize", STREAM_BATCH if table else QUEUE_BATCH),
            window_seconds=given.number("MaximumBatchingWindowInSeconds", 0),
            partial_failures=_partial_failures(given),
            filters=filters(given.section("FilterCriteria")),
            max_retries=given.number("MaximumRetryAttempts", ENDLESS),
            max_age_seconds=given.number("MaximumRecordAgeInSeconds", ENDLESS),
            bisect=is_true(given.may("BisectBatchOnFunctionError", False)),
            parallelization=given.number("ParallelizationFactor", 1),
            letters=self._directory.maybe(QUEUE, letters.may("Destination"), letters.place),
            starting_position=given.must("StartingPosition") if table else None,
            max_concurrency=None if concurrency is None else int(concurrency),
        )

    def machines(self) -> Iterator[MachineSpec]:
        for logical_id, values in self._resolver.of_type(MACHINE):
            given = Given(logical_id, values)
            given.irrelevant("LoggingConfiguration", "StateMachineName", "Tags")
            given.irrelevant("TracingConfiguration")
            substitutions = given.may("DefinitionSubstitutions", {})
            definition = filled(given.must("Definition"), substitutions, given.place)
            kind = given.may("StateMachineType", "STANDARD")
            yield MachineSpec(
                name=logical_id,
                arn=self._resolver.arn(logical_id),
                definition=definition,
                role=self._directory.named(ROLE, given.must("RoleArn"), given.place),
                timeout_seconds=definition.get("TimeoutSeconds"),
                express=kind == "EXPRESS",
            )
            given.close()

    def routes(self) -> Iterator[RouteSpec]:
        """The API's methods; who may call them is not simulated, what the API may call is."""
        for logical_id, values in self._resolver.of_type("AWS::ApiGateway::RestApi"):
            for path, methods in values["Body"]["paths"].items():
                for method, operation in methods.items():
                    place = f"{logical_id} {method} {path}"
                    found = INTEGRATION.search(
                        operation["x-amazon-apigateway-integration"].get("uri", "")
                    )
                    if not found:
                        raise NotUnderstood(place, "an integration that is no function")
                    yield RouteSpec(
                        method=method.upper(),
                        path=path,
                        function=self._directory.function(found.group(1), place),
                        source_arn=names.method_arn(logical_id, method.upper(), path),
                    )


_UNCONFIGURED = AsyncSpec(
    max_retries=ASYNC_RETRIES, max_age_seconds=ASYNC_AGE_SECONDS, letters=None
)


def filters(given: Given) -> tuple[dict[str, Any], ...]:
    """Patterns that are alternatives; none lets everything by."""
    found = tuple(json.loads(each.must("Pattern")) for each in given.sections("Filters"))
    for pattern in found:
        check(pattern, given.place)
    return found


def filled(definition: Any, substitutions: dict[str, Any], place: str) -> Any:
    """The ASL with ${Name} replaced in every text, as CloudFormation does."""

    def fill(found: re.Match[str]) -> str:
        if found.group(1) not in substitutions:
            raise NotUnderstood(place, f"nothing is given for {found.group(0)}")
        return str(substitutions[found.group(1)])

    if isinstance(definition, dict):
        return {key: filled(value, substitutions, place) for key, value in definition.items()}
    if isinstance(definition, list):
        return [filled(value, substitutions, place) for value in definition]
    return SUBSTITUTION.sub(fill, definition) if isinstance(definition, str) else definition


def _partial_failures(given: Given) -> bool:
    answers = given.may("FunctionResponseTypes", [])
    if answers not in ([], ["ReportBatchItemFailures"]):
        raise NotUnderstood(given.place, f"FunctionResponseTypes {answers}")
    return bool(answers)


def _log_group(name: str | None) -> str | None:
    return None if name is None else names.arn("AWS::Logs::LogGroup", name)
