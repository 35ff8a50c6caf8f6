"""One DynamoDB transaction, with its refusal read item by item.

A cancelled transaction names a reason per action. A failed condition is an answer for the caller;
a conflict or a throttled action is neither: it is tried again here, with jitter, and ends in
Unavailable, because the SDK does not retry a cancelled transaction by itself.
"""

import random
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.items import from_item
from adapters.refusals import code_of
from domain.errors import Unavailable

_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.02
_CONDITION = "ConditionalCheckFailed"
_RETRYABLE = {
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "TransactionInProgressException",
}
THROTTLES = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
}

type Refusals = dict[int, dict[str, Any]]


def write(client: Any, actions: Sequence[dict[str, Any]]) -> Refusals:
    """Do all actions or none.

    Returns {} when they were done, else the actions whose condition failed: their index to the
    item that stood there ({} where there was none). Raises Unavailable when conflicts or throttling
    go on. botocore makes the client token, so a repeat of one call within the SDK is one
    transaction.
    """
    for attempt in range(_ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=list(actions))
            return {}
        except ClientError as error:
            refusals = _refusals(error)
            if refusals:
                return refusals
        except BotoCoreError as error:
            raise Unavailable(f"no answer from DynamoDB: {type(error).__name__}") from error
        pause(attempt)
    raise Unavailable(f"a transaction of {len(actions)} actions met conflicts {_ATTEMPTS} times")


def pause(attempt: int) -> None:
    """Wait up to twice as long after each attempt; full jitter keeps rivals apart."""
    time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))


def unavailable(error: ClientError) -> bool:
    """Whether the same request may succeed later."""
    return code_of(error) in THROTTLES


def may_pass(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed later; no answer is no refusal."""
    return not isinstance(error, ClientError) or unavailable(error)


def _refusals(error: ClientError) -> Refusals:
    """The failed conditions; {} when only conflicts and throttles stood in the way."""
    if code_of(error) in THROTTLES:
        return {}
    if code_of(error) != "TransactionCanceledException":
        raise error
    answer: dict[str, Any] = dict(error.response)
    reasons = answer.get("CancellationReasons", [])
    failed = {
        index: from_item(reason.get("Item") or {})
        for index, reason in enumerate(reasons)
        if reason.get("Code") == _CONDITION
    }
    others = {reason.get("Code", "None") for reason in reasons} - {_CONDITION, "None"}
    if not failed and (not others or others - _RETRYABLE):
        raise error
    return failed
