"""Check sequences: what is complete and not booked is sent again, what waits too long is told.

On a schedule, and invoked by the command line with `{"action": "retry" | "discard", "sequence_id":
..., "by": ..., "note": ...}`.
"""

import os
from datetime import timedelta
from typing import Any

import msgspec
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.assemblies import Assemblies
from adapters.sequence_check import SequenceCheck
from domain.errors import Refused

logger = logs.logger()
metrics = Metrics()
sequences = SequenceCheck(
    Assemblies(aws.client("dynamodb"), os.environ["ASSEMBLIES_TABLE"]),
    aws.client("sqs"),
    os.environ["LEG_QUEUE_URL"],
    timedelta(minutes=float(os.environ["SEQUENCE_PATIENCE_MINUTES"])),
    clock.now,
)


def check() -> dict[str, Any]:
    found = sequences.check()
    metrics.add_metric("SequencesIncomplete", MetricUnit.Count, len(found.incomplete))
    metrics.add_metric("SequencesParked", MetricUnit.Count, found.parked)
    metrics.flush_metrics()
    return dict(msgspec.to_builtins(found))


def decide(order: dict[str, Any]) -> dict[str, Any]:
    """What an operator orders about one sequence; a refusal is an answer."""
    ways = {"retry": sequences.retry, "discard": sequences.discard}
    told = {"sequence_id": order["sequence_id"], "action": order["action"]}
    try:
        ways[order["action"]](order["sequence_id"], order["by"], order.get("note", ""))
    except Refused as refusal:
        return told | {"result": "REFUSED", "code": refusal.code, "message": refusal.message}
    return told | {"result": "DONE"}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "action" not in event:
        facts = check()
        logger.info("sequences_checked", extra=facts)
        return facts
    told = decide(event)
    logger.info("sequence_decided", extra={"decided": told | {"by": event["by"]}})
    return told
