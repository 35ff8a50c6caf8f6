"""Ingest: POST /v1/messages in, one Inbox row or one Parked row for each message, 202 with
receipts out.

With `dryRun=true` the body goes to DryRunFunction instead, which writes nothing: 200 with what
would become of each message.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.doors import API, DoorTable, DoorWatch
from adapters.dry_run_door import DryRunDoor
from adapters.inbox import InboxTable
from adapters.parked import ParkedTable
from adapters.reception import Reception, Submission, receipt_body
from adapters.rest_api import (
    BadBody,
    answer,
    body_of,
    header_of,
    parameters_of,
    principal_of,
    refusal,
    refusal_of,
)
from adapters.vault import Vault, read_index_key
from domain import identity
from domain.errors import Unavailable
from domain.query_parameters import BadParameter, SubmissionQuery, read_query
from domain.request_body import BYTES_MAX, MESSAGES_MAX, is_too_large, messages_of

# A pause takes hold within this time, and costs one read in it.
_DOOR_SECONDS = 5.0
_RETRY_AFTER_SECONDS = 60

logger = logs.logger()
dynamodb = aws.client("dynamodb")
index = read_index_key(aws.client("secretsmanager"), os.environ["INDEX_SECRET_ARN"])
reception = Reception(
    "api",
    InboxTable(dynamodb, os.environ["INBOX_TABLE"]),
    ParkedTable(dynamodb, os.environ["PARKED_TABLE"]),
    Vault(
        dynamodb,
        aws.client("kms"),
        os.environ["VAULT_TABLE"],
        os.environ["VAULT_KEY_ARN"],
        index,
    ),
    index,
    int(os.environ["INBOX_RETENTION_DAYS"]),
)
dry_runs = DryRunDoor(aws.client("lambda"), os.environ["DRY_RUN_FUNCTION"])
door = DoorWatch(DoorTable(dynamodb, os.environ["REFERENCE_TABLE"]), API, clock.now, _DOOR_SECONDS)
# The answer of a first call is given again for a day; after that the ids of the records do the same
# work.
idempotency = IdempotencyConfig(
    event_key_jmespath="key",
    payload_validation_jmespath="body_digest",
    raise_on_no_idempotency_key=True,
    hash_function="sha256",
    expires_after_seconds=86_400,
)
store = DynamoDBPersistenceLayer(os.environ["IDEMPOTENCY_TABLE"], boto3_client=dynamodb)


def ingest(caller: str, key: str, body: bytes) -> dict[str, Any]:
    """Receive the message or messages of one request body."""
    at = clock.now()
    submissions = [
        Submission(
            ingest_id=identity.ingest_id_for_api(caller, key, position),
            source_ref=f"api#{position}",
            content=content,
            message=message,
        )
        for position, (content, message) in enumerate(messages_of(body, at))
    ]
    receipts = reception.receive(submissions, at)
    for receipt in receipts:
        facts = {"ingest_id": receipt.ingest_id, "msg_id": receipt.msg_id}
        logger.info(receipt.status.lower(), extra=facts)
    return {
        "results": [
            {"index": position} | receipt_body(receipt) for position, receipt in enumerate(receipts)
        ]
    }


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="request", persistence_store=store, config=idempotency
)
def ingest_once(request: dict[str, str], caller: str, body: bytes) -> dict[str, Any]:
    """The same answer for the same key; raises IdempotencyValidationError for the same key with
    another body.
    """
    return ingest(caller, request["client_key"], body)


def respond(event: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request. Raises BadParameter and BadBody."""
    query = read_query(parameters_of(event), SubmissionQuery)
    body = body_of(event)
    if is_too_large(body):
        told = f"send at most {MESSAGES_MAX} messages and {BYTES_MAX} bytes a request"
        return refusal(413, "TOO_LARGE", told)
    return _foresee(body) if query.dry_run == "true" else _receive(event, body)


def _foresee(body: bytes) -> dict[str, Any]:
    try:
        return answer(200, dry_runs.ask(body))
    except Unavailable as error:
        logger.error("unavailable", extra={"why": str(error)})
        return refusal(503, "UNAVAILABLE", "ask again: nothing was received")


def _receive(event: dict[str, Any], body: bytes) -> dict[str, Any]:
    caller = _caller(event)
    client_key = header_of(event, "idempotency-key") or event["requestContext"]["requestId"]
    request = {
        "key": f"{caller}#{client_key}",
        "client_key": client_key,
        # Keyed, because the body holds card numbers and the store keeps what we give it.
        "body_digest": index.digest(body),
    }
    try:
        return answer(202, ingest_once(request=request, caller=caller, body=body))
    except IdempotencyValidationError:
        told = "this Idempotency-Key came with another body before: use a new key for new messages"
        return refusal(422, "KEY_REUSED", told, parameter="Idempotency-Key")
    except IdempotencyAlreadyInProgressError:
        return refusal(409, "IN_PROGRESS", "the same request is being received now")
    except (Unavailable, IdempotencyPersistenceLayerError) as error:
        logger.error("unavailable", extra={"why": str(error)})
        return refusal(503, "UNAVAILABLE", "send the same request again, with its key")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    idempotency.register_lambda_context(context)
    if door.look().paused:
        return _paused()
    try:
        return respond(event)
    except (BadBody, BadParameter) as error:
        return refusal_of(error)


def _paused() -> dict[str, Any]:
    """Nothing was received; the same request may come again, with its key."""
    told = "an operator has paused it: send the same request again, with its key"
    return refusal(503, "PAUSED", told, headers={"Retry-After": str(_RETRY_AFTER_SECONDS)})


def _caller(event: dict[str, Any]) -> str:
    """Who signed the request: part of each record's id, so that callers cannot meet each
    other's.

    A role is one caller in all its sessions: a retry may come from another one.
    """
    arn = principal_of(event)
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn
