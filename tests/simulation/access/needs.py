"""What AWS checks for one call: actions, on what, and what it knows about the request."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.simulation.access.conditions import Context
from tests.simulation.reading import names

NOTHING_KNOWN: Context = {}
VIA_SERVICE = "kms:ViaService"

type Call = Mapping[str, Any]


class Need(NamedTuple):
    """One thing that must be allowed."""

    action: str
    resource: str
    context: Context


type Needs = Iterator[Need]


def through(service: str, key: str | None, *actions: str) -> Needs:
    """What a service asks KMS in the caller's name, where the data is under a customer's key."""
    if key is not None:
        for action in actions:
            yield Need(action, key, _VIA[service])


_VIA: dict[str, Context] = {
    service: {VIA_SERVICE: f"{service}.{names.REGION}.amazonaws.com"}
    for service in ("dynamodb", "s3", "secretsmanager", "sns", "sqs")
}
