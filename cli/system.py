"""The system that a command talks to: the embedded engine on this machine, or a stack on AWS."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import local
from cli.errors import UserError

DEFAULT_STACK = "posting"
# `rebuild-balances` may take the function's fifteen minutes, and must not be invoked twice.
_INVOKE_SECONDS = 910
_RETRIES: Any = {"mode": "standard", "max_attempts": 6}
_ONE_ATTEMPT: Any = {"total_max_attempts": 1}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person asked for; None and False are the defaults."""

    stack: str | None = None
    aws: bool = False
    profile: str | None = None
    region: str | None = None

    @property
    def wants_aws(self) -> bool:
        return self.aws or self.profile is not None


class System:
    """Clients and stack outputs. Raises UserError where the stack or an output is missing."""

    def __init__(self, session: Any, stack: str, url: str | None, *, is_local: bool) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self.stack = stack
        self.url = url
        self.is_local = is_local

    @property
    def name(self) -> str:
        """How the screen calls it."""
        if self.is_local:
            return f"the embedded engine at {self.url}, stack {self.stack}"
        where = self.url or f"AWS {self._session.region_name}"
        return f"{where}, stack {self.stack}"

    def client(self, service: str) -> Any:
        """One client per service, shared; threads may use it."""
        if service not in self._clients:
            invoked = service == "lambda"
            config = Config(
                retries=_ONE_ATTEMPT if invoked else _RETRIES,
                read_timeout=_INVOKE_SECONDS if invoked else 60,
                connect_timeout=5,
                max_pool_connections=16,
            )
            self._clients[service] = self._session.client(
                service, endpoint_url=self.url, config=config
            )
        return self._clients[service]

    def output(self, name: str) -> str:
        """An output of the stack, by its name in the template."""
        try:
            return self._outputs[name]
        except KeyError:
            raise UserError(
                f"stack {self.stack} has no output {name}: it was deployed from another version;"
                " deploy this one ('./posting up', or sam build && sam deploy)"
            ) from None

    def table(self, kind: str) -> str:
        """The name of a table: Inbox, Claims, Parked, Reference, Journal, Balances."""
        return self.output(f"{kind}TableName")

    def credentials(self) -> Any:
        """For signing requests to the API; resolved once more, as they expire."""
        found = self._session.get_credentials()
        if found is None:
            raise UserError("no AWS credentials: sign in (aws sso login) or name a --profile")
        return found.get_frozen_credentials()

    @property
    def region(self) -> str:
        return str(self._session.region_name)

    @cached_property
    def _outputs(self) -> dict[str, str]:
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.stack)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise UserError(f"there is no stack {self.stack} here: {self._remedy()}") from error
        outputs = answer["Stacks"][0].get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}

    def _remedy(self) -> str:
        if self.is_local:
            return "'./posting up' deploys it"
        return "give --stack, --region or --profile, or start the local system with './posting up'"


def find(choice: Choice) -> System:
    """The embedded engine when one runs and AWS was not asked for, else AWS."""
    if not choice.wants_aws:
        endpoint = local.endpoint()
        if endpoint is not None:
            return of_endpoint(endpoint, choice.stack)
        complaints = local.status()["complaints"]
        if complaints:
            # Never fall through to an account because the engine fell over.
            raise UserError(f"{complaints[0]} (or ask for AWS with --aws)")
    session = boto3.Session(profile_name=choice.profile, region_name=choice.region)
    if not choice.wants_aws and session.get_credentials() is None:
        raise UserError(
            "nothing runs here: './posting up' starts the local system (or ask for --aws)"
        )
    if session.region_name is None:
        raise UserError("no AWS region: give --region, or set AWS_REGION")
    stack = choice.stack or DEFAULT_STACK
    return System(session, stack, os.environ.get("AWS_ENDPOINT_URL"), is_local=False)


def of_endpoint(endpoint: local.Endpoint, stack: str | None = None) -> System:
    """The system on the embedded engine."""
    session = boto3.Session(
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        region_name=endpoint.region,
    )
    return System(session, stack or endpoint.stack_name, endpoint.url, is_local=True)
