"""Reading what AWS answered when it did not do what it was asked."""

from typing import Any

from botocore.exceptions import ClientError

from adapters.items import from_item
from domain.errors import Unavailable

CONDITION_FAILED = "ConditionalCheckFailedException"


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def standing_item(error: ClientError) -> dict[str, Any]:
    """The item that refused a conditional write, as asked for with ALL_OLD.

    Raises Unavailable for anything that is not a failed condition.
    """
    if code_of(error) != CONDITION_FAILED:
        raise Unavailable(code_of(error)) from error
    answer: dict[str, Any] = dict(error.response)
    return from_item(answer["Item"])
