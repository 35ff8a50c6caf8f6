"""Announce: journal headers from Pipe 2 in, the details of TransactionPosted out."""

from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import logs
from adapters.items import from_item
from adapters.journal import stored_header
from domain.announcement import announce as announcement_of

logger = logs.logger()


def announce(stream_record: dict[str, Any]) -> dict[str, Any]:
    """The detail of one header's event; the same header makes the same event, always."""
    event = announcement_of(stored_header(from_item(stream_record["dynamodb"]["NewImage"])))
    logger.info("announced", extra={"header_id": event.data.header_id})
    return msgspec.to_builtins(event)  # type: ignore[no-any-return]


@logger.inject_lambda_context
def handler(event: list[dict[str, Any]], context: LambdaContext) -> list[dict[str, Any]]:
    return [announce(stream_record) for stream_record in event]
