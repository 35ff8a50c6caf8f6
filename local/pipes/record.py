"""A DynamoDB stream record in the form in which pipes and functions receive it."""

import base64
from datetime import datetime
from typing import Any

Record = dict[str, Any]


def as_received(raw: Record, stream_arn: str) -> Record:
    """From the SDK's form to JSON: bytes in base64, times in epoch seconds, the source named."""
    record: Record = _plain(raw)
    record["eventSourceARN"] = stream_arn
    return record


def sequence_number(record: Record) -> str:
    """The record's place in its shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def created_at(record: Record) -> float:
    """When the change was made, in epoch seconds (the stream's clock has whole seconds)."""
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return int(value.timestamp())
    return value
