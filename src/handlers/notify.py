"""Notify: TransactionPosted from the queue in, one camt.054 for each in the notifications'
bucket.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, logs
from adapters.notifications import Notifications
from domain.errors import Unavailable
from domain.events import TransactionPosted

logger = logs.logger()
notifications = Notifications(aws.client("s3"), os.environ["NOTIFICATIONS_BUCKET"])


def notify(body: str) -> None:
    event = TransactionPosted.from_envelope(body)
    facts = {"header_id": event.data.header_id, "event_id": event.meta.event_id}
    effect = event.data.customer
    if effect is None:
        # The rule lets none of these by; one that does is not worth a dead letter.
        logger.warning("no_customer", extra=facts)
    elif notifications.put(event, effect):
        logger.info("notified", extra=facts)
    else:
        logger.info("notified_before", extra=facts)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed = []
    for record in event["Records"]:
        try:
            notify(record["body"])
        except Unavailable as error:
            logger.warning("unavailable", extra=_facts(record, error))
            failed.append(record["messageId"])
        except Exception as error:
            # It is this message's own: the others are told. The error line rings the alarm.
            logger.exception("not_notified", extra=_facts(record, error))
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _facts(record: dict[str, Any], error: Exception) -> dict[str, str]:
    return {"message_id": record["messageId"], "why": str(error)}
