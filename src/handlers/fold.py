"""Fold: journal headers from the stream in, the balances of internal accounts moved once for
each.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.fold import Fold
from adapters.items import from_item
from adapters.journal import stored_header

logger = logs.logger()
balances = Fold(aws.client("dynamodb"), os.environ["BALANCES_TABLE"])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    headers = [
        stored_header(from_item(record["dynamodb"]["NewImage"])).posted
        for record in event["Records"]
    ]
    folded = balances.fold(headers)
    logger.info("folded", extra={"delivered": len(headers), "folded": folded})
