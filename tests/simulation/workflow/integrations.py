"""How Step Functions calls services: the optimised integrations and those of the SDK.

They differ in how errors are called (`DynamoDB.` and `DynamoDb.`), in what is turned to JSON text
on the way (Detail, MessageBody, Payload), and in FailedEntryCount, which fails a task only in the
optimised integration of EventBridge.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.simulation.jsonata.text import text_of
from tests.simulation.workflow.errors import StateFailed
from tests.simulation.workflow.execution import Execution

_SDK = "aws-sdk:"


@dataclass(frozen=True, slots=True)
class Names:
    """A service by its botocore name and by the prefixes of its errors.

    `general` is the error for everything that the service's model has no exception for.
    """

    service: str
    prefix: str
    general: str


_OPTIMISED = {
    "dynamodb": Names("dynamodb", "DynamoDB", "AmazonDynamoDBException"),
    "events": Names("events", "EventBridge", "AmazonEventBridgeException"),
    "sqs": Names("sqs", "SQS", "AmazonSQSException"),
    "lambda": Names("lambda", "Lambda", "AWSLambdaException"),
}
_SDK_SERVICES = {
    "dynamodb": Names("dynamodb", "DynamoDb", "DynamoDbException"),
    "eventbridge": Names("events", "EventBridge", "EventBridgeException"),
    "sqs": Names("sqs", "Sqs", "SqsException"),
    "lambda": Names("lambda", "Lambda", "LambdaException"),
    "s3": Names("s3", "S3", "S3Exception"),
    "sns": Names("sns", "Sns", "SnsException"),
    "cloudwatch": Names("cloudwatch", "CloudWatch", "CloudWatchException"),
}
_MODELLED = {
    "dynamodb": {
        "ConditionalCheckFailedException",
        "IdempotentParameterMismatchException",
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "ThrottlingException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
    },
    "events": {"InternalException"},
    "lambda": {
        "EC2ThrottledException",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "RequestTooLargeException",
        "ResourceConflictException",
        "ResourceNotFoundException",
        "ResourceNotReadyException",
        "ServiceException",
        "TooManyRequestsException",
    },
}
"""Errors that the service's model knows, as botocore spells their codes."""


class Integration:
    """A call as the definition wants it."""

    def __init__(self, names: Names, operation: str) -> None:
        self._names = names
        self._operation = operation

    def called(self, arguments: dict[str, Any], execution: Execution) -> Any:
        """The answer as JSON. StateFailed for what the service or the way to it refuses."""
        request = self.request(arguments, execution)
        try:
            answer = execution.call(self._names.service, self._operation, request)
        except ClientError as failure:
            raise StateFailed(self._error(failure), str(failure)) from None
        except BotoCoreError as failure:
            raise StateFailed(f"{self._names.prefix}.SdkClientException", str(failure)) from None
        return self.answered(
            {key: each for key, each in answer.items() if key != "ResponseMetadata"}
        )

    def request(self, arguments: dict[str, Any], _execution: Execution) -> dict[str, Any]:
        return arguments

    def answered(self, answer: dict[str, Any]) -> Any:
        return answer

    def _error(self, failure: ClientError) -> str:
        code = failure.response["Error"]["Code"]
        if code not in _MODELLED.get(self._names.service, ()):
            return f"{self._names.prefix}.{self._names.general}"
        return f"{self._names.prefix}.{code}{'' if code.endswith('Exception') else 'Exception'}"


class WithMetadata(Integration):
    """The optimised integrations show the reply's HTTP status beside its body."""

    def answered(self, answer: dict[str, Any]) -> Any:
        return {**answer, "SdkHttpMetadata": {"HttpStatusCode": 200}}


class SendMessage(WithMetadata):
    def request(self, arguments: dict[str, Any], _execution: Execution) -> dict[str, Any]:
        return {**arguments, "MessageBody": text_of(arguments["MessageBody"])}


class PutEvents(Integration):
    """The run and its machine are named in every event; a refused entry fails the task."""

    def request(self, arguments: dict[str, Any], execution: Execution) -> dict[str, Any]:
        entries = [
            {
                **entry,
                "Detail": text_of(entry["Detail"]),
                "Resources": [*entry.get("Resources", []), execution.arn, execution.machine_arn],
            }
            for entry in arguments["Entries"]
        ]
        return {**arguments, "Entries": entries}

    def answered(self, answer: dict[str, Any]) -> Any:
        if answer["FailedEntryCount"] > 0:
            raise StateFailed("EventBridge.FailedEntry", text_of(answer))
        return answer


class Invoke(WithMetadata):
    """A function's own error has the name that the function gave it."""

    def request(self, arguments: dict[str, Any], _execution: Execution) -> dict[str, Any]:
        return {**arguments, "Payload": text_of(arguments.get("Payload", {})).encode()}

    def answered(self, answer: dict[str, Any]) -> Any:
        body = answer.get("Payload", b"null")
        text = body if isinstance(body, str | bytes) else body.read()
        content = json.loads(text or b"null")
        if answer.get("FunctionError"):
            named = content if isinstance(content, dict) else {}
            raise StateFailed(named.get("errorType", "Lambda.Unknown"), text_of(content))
        return super().answered({**answer, "Payload": content})


_OPTIMISED_CALLS: dict[str, Callable[[Names, str], Integration]] = {
    "dynamodb:getItem": WithMetadata,
    "dynamodb:putItem": WithMetadata,
    "dynamodb:updateItem": WithMetadata,
    "dynamodb:deleteItem": WithMetadata,
    "events:putEvents": PutEvents,
    "sqs:sendMessage": SendMessage,
    "lambda:invoke": Invoke,
}


def integration(resource: str) -> Integration:
    """What a task's Resource calls. NotImplementedError for what is not known here, by name."""
    wanted = resource.removeprefix("arn:aws:states:::")
    service, _, action = wanted.removeprefix(_SDK).partition(":")
    operation = action[:1].upper() + action[1:]
    if wanted.startswith(_SDK) and service in _SDK_SERVICES and action.isalnum():
        return Integration(_SDK_SERVICES[service], operation)
    if wanted in _OPTIMISED_CALLS:
        return _OPTIMISED_CALLS[wanted](_OPTIMISED[service], operation)
    raise NotImplementedError(f"task resource {resource}")
