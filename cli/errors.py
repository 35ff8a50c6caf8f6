"""What a person can do something about: one line on the terminal, never a traceback."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_UNKNOWN_CALLER = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_SLOW_DOWN = {"ThrottlingException", "Throttling", "ProvisionedThroughputExceededException"}


class UserError(Exception):
    """The fault and its remedy, in one line."""


def line_for_aws(error: BotoCoreError | ClientError) -> str:
    """What to tell a person about an error of AWS or of the way to it."""
    if isinstance(error, ClientError):
        return _line_for_answer(error)
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "no AWS credentials: sign in, name a --profile, or start './posting up'"
        case NoRegionError():
            return "no AWS region: give --region, or set AWS_REGION"
        case ProfileNotFound():
            return f"{error}: see ~/.aws/config for the profiles you have"
        case EndpointConnectionError() | ConnectTimeoutError():
            return f"{error}: check the network, or start the local system with './posting up'"
        case ReadTimeoutError():
            return "no answer in time: the work may still be going on; look with './posting status'"
        case _:
            return f"{type(error).__name__}: {error}"


def _line_for_answer(error: ClientError) -> str:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    operation = error.operation_name
    if code in _EXPIRED:
        return f"the AWS session has expired ({operation}): sign in again"
    if code in _REFUSED:
        return f"not allowed to call {operation}: {message or 'ask for that permission'}"
    if code in _UNKNOWN_CALLER:
        return (
            f"AWS does not know these credentials ({operation}): sign in again or name a --profile"
        )
    if code in _SLOW_DOWN:
        return f"{operation} is throttled: wait a little and repeat the command"
    return f"{operation} failed with {code}: {message}"
