"""The bucket of notifications: one XML object for each posted card transaction, put once."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.refusals import code_of
from domain.camt054 import camt054
from domain.errors import Unavailable
from domain.events import CustomerEffect, TransactionPosted

# A rival's put of the same object is under way; its bytes are these.
_RIVAL = {"ConditionalRequestConflict", "OperationAborted"}
_STANDS = {"PreconditionFailed", "412"}
_SLOW_DOWN = {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "503", "500"}


class Notifications:
    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, event: TransactionPosted, effect: CustomerEffect) -> bool:
        """Write the notification of this event if there is none; False when it stood there.

        Raises Unavailable when S3 asks to come again.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key_of(event),
                Body=camt054(event.data, effect),
                ContentType="application/xml",
                IfNoneMatch="*",
            )
        except ClientError as error:
            code = code_of(error)
            if code in _STANDS:
                return False
            if code in _SLOW_DOWN | _RIVAL:
                raise Unavailable(f"the bucket answers {code}") from error
            raise
        except BotoCoreError as error:
            raise Unavailable(f"no answer from S3: {type(error).__name__}") from error
        return True


def key_of(event: TransactionPosted) -> str:
    """By booking date, so that a day's notifications can be listed."""
    return f"camt054/{event.data.booking_date}/{event.meta.event_id}.xml"
