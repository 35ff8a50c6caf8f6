"""Clients of the engine, and sessions under the roles that the stack defines."""

import json
import threading
import time
from typing import Any, Final

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from local.endpoint import Endpoint

# The engine forgets sessions when it restarts; the service's own lifetime is an hour.
SESSION_SECONDS: Final = 1800.0
STALE_SESSION: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
# Of the documented error codes that a caller may simply repeat; the rest are the caller's fault.
REPEATABLE: Final = STALE_SESSION | {
    "InternalFailure",
    "InternalServerError",
    "InternalException",
    "ServiceException",
    "ServiceUnavailable",
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "LimitExceededException",
}
# A function may run for fifteen minutes before it answers.
READ_SECONDS: Final = 905
CONNECT_SECONDS: Final = 2

# Marks what this process adds to a role's trust on the engine.
STAND_IN: Final = "LocalStandIn"

# One session holds the parsed service models for all clients: half a second and 20 MB each time.
_session = botocore.session.Session()
_lock = threading.Lock()


def client(endpoint: Endpoint, service: str, credentials: dict[str, str] | None = None) -> Any:
    """A client as the engine's root, or under `credentials` as `assume_role` answers them.

    Low-level clients are untyped by design: the caller knows the shapes.
    """
    config = Config(
        # The callers retry, and know which errors count.
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        tcp_keepalive=True,
    )
    who = credentials or {}
    with _lock:
        made: BaseClient = _session.create_client(
            service,
            region_name=endpoint.region,
            endpoint_url=endpoint.url,
            aws_access_key_id=who.get("AccessKeyId", endpoint.access_key),
            aws_secret_access_key=who.get("SecretAccessKey", endpoint.secret_key),
            aws_session_token=who.get("SessionToken"),
            config=config,
        )
    return made


class RoleSession:
    """Clients that act under one role, so that the engine enforces what the role allows."""

    def __init__(self, endpoint: Endpoint, role_arn: str, session_name: str) -> None:
        self._endpoint = endpoint
        self._role_arn = role_arn
        # The service allows 64 characters.
        self._session_name = session_name[:64]
        self._clients: dict[str, Any] = {}
        self._credentials: dict[str, str] | None = None
        self._assumed_at = 0.0

    def client(self, service: str) -> Any:
        """A client of the service under the role; the session is renewed before it runs out."""
        if time.monotonic() - self._assumed_at > SESSION_SECONDS:
            self.forget()
        if self._credentials is None:
            _let_this_process_in(self._endpoint, self._role_arn)
            self._credentials = client(self._endpoint, "sts").assume_role(
                RoleArn=self._role_arn, RoleSessionName=self._session_name
            )["Credentials"]
            self._assumed_at = time.monotonic()
        if service not in self._clients:
            self._clients[service] = client(self._endpoint, service, self._credentials)
        return self._clients[service]

    def forget(self) -> None:
        """Assume the role anew at the next use."""
        self._credentials = None
        self._clients.clear()


def _let_this_process_in(endpoint: Endpoint, role_arn: str) -> None:
    """Add the engine's root to the role's trust: this process stands in for the service there."""
    iam = client(endpoint, "iam")
    name = role_arn.rsplit("/", 1)[-1]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    if any(statement.get("Sid") == STAND_IN for statement in trust["Statement"]):
        return
    root = {"AWS": f"arn:aws:iam::{endpoint.account}:root"}
    statement = {"Sid": STAND_IN, "Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    trust["Statement"].append(statement)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def code_of(error: Exception) -> str:
    """The service's error code, or the class name of an error that reached no service."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def is_repeatable(error: Exception) -> bool:
    """Whether the fault lies with the service or the way to it, not with the call."""
    if isinstance(error, HTTPClientError | ConnectionError):
        return True
    if not isinstance(error, ClientError):
        return False
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or code_of(error) in REPEATABLE
