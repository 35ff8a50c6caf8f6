"""One pipe as its deployed definition says, refused when it asks for what is not done here."""

import json
from dataclasses import dataclass
from typing import Any

from local.deployed import Resource
from local.errors import LocalError

# The service's defaults for a DynamoDB stream source.
DEFAULT_BATCH_SIZE = 100
ENDLESS = -1

SOURCE_PARAMETERS = frozenset({"DynamoDBStreamParameters", "FilterCriteria"})
STREAM_PARAMETERS = frozenset(
    {
        "StartingPosition",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds",
        "OnPartialBatchItemFailure",
        "DeadLetterConfig",
        # One batch at a time keeps the order that more would keep per key only.
        "ParallelizationFactor",
    }
)
TARGET_PARAMETERS = frozenset({"EventBridgeEventBusParameters", "InputTemplate"})
BUS_PARAMETERS = frozenset({"DetailType", "Source", "Resources", "Time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """A DynamoDB stream, through a filter and perhaps a function, to an event bus."""

    name: str
    arn: str
    role_arn: str
    source_arn: str
    target_arn: str
    filters: tuple[dict[str, Any], ...] = ()
    starting_position: str = "TRIM_HORIZON"
    batch_size: int = DEFAULT_BATCH_SIZE
    window_seconds: float = 0
    retries: int = ENDLESS
    age_seconds: int = ENDLESS
    bisects: bool = False
    letters_arn: str | None = None
    enrichment_arn: str | None = None
    enrichment_template: str | None = None
    target_template: str | None = None
    bus_parameters: dict[str, Any] | None = None


def pipe_of(resource: Resource, arn: str) -> Pipe:
    """Read the resolved properties of an `AWS::Pipes::Pipe`."""
    given = resource.properties
    source = _known(given.get("SourceParameters", {}), SOURCE_PARAMETERS, resource)
    stream = _known(source.get("DynamoDBStreamParameters", {}), STREAM_PARAMETERS, resource)
    target = _known(given.get("TargetParameters", {}), TARGET_PARAMETERS, resource)
    bus = _known(target.get("EventBridgeEventBusParameters", {}), BUS_PARAMETERS, resource)
    enrichment = given.get("Enrichment")
    _expect(":dynamodb:" in given["Source"] and "/stream/" in given["Source"], resource, "source")
    _expect(":event-bus/" in given["Target"], resource, "target")
    _expect(enrichment is None or ":function:" in enrichment, resource, "enrichment")
    return Pipe(
        name=resource.physical_id,
        arn=arn,
        role_arn=given["RoleArn"],
        source_arn=given["Source"],
        target_arn=given["Target"],
        filters=tuple(
            json.loads(one["Pattern"])
            for one in source.get("FilterCriteria", {}).get("Filters", [])
        ),
        starting_position=stream["StartingPosition"],
        batch_size=int(stream.get("BatchSize", DEFAULT_BATCH_SIZE)),
        window_seconds=float(stream.get("MaximumBatchingWindowInSeconds", 0)),
        retries=int(stream.get("MaximumRetryAttempts", ENDLESS)),
        age_seconds=int(stream.get("MaximumRecordAgeInSeconds", ENDLESS)),
        bisects=stream.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        letters_arn=stream.get("DeadLetterConfig", {}).get("Arn"),
        enrichment_arn=enrichment,
        enrichment_template=given.get("EnrichmentParameters", {}).get("InputTemplate"),
        target_template=target.get("InputTemplate"),
        bus_parameters=bus,
    )


def _known(given: dict[str, Any], names: frozenset[str], resource: Resource) -> dict[str, Any]:
    for name in given:
        _expect(name in names, resource, name)
    return given


def _expect(supported: bool, resource: Resource, what: str) -> None:
    if not supported:
        raise LocalError(
            f"pipe {resource.logical_id}: the local forwarder does not carry this {what}; "
            "add it under local/pipes/ from the service's documentation"
        )
