"""Payloads of a definition: JSON in which strings `{% ... %}` are expressions."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.simulation.jsonata import MISSING, QueryFailed, compiled
from tests.simulation.workflow.errors import DATA_LIMIT, QUERY, StateFailed

PAYLOAD_BYTES_MAX = 256 * 1024

type Variables = dict[str, Any]
type Payload = Callable[[Variables], Any]
type Compile = Callable[[str], Callable[[Any, Mapping[str, Any]], Any]]

# What compiles the expressions of a definition. A recorder may stand in between.
compile_expression: Compile = compiled

_decode = msgspec.json.Decoder().decode


def _foreign(value: Any) -> Any:
    if value is MISSING:
        return None
    raise TypeError(f"{type(value).__name__} is not JSON")


_encode = msgspec.json.Encoder(enc_hook=_foreign).encode


def settled(value: Any, field: str) -> Any:
    """A copy in plain JSON, as it goes from one state to the next.

    States.DataLimitExceeded beyond 256 KiB; States.QueryEvaluationError for a function.
    """
    try:
        body = _encode(value)
    except TypeError as failure:
        raise StateFailed(QUERY, f"The field '{field}': {failure}") from None
    if len(body) > PAYLOAD_BYTES_MAX:
        raise StateFailed(DATA_LIMIT, f"The field '{field}' has {len(body)} bytes")
    return _decode(body)


def payload(template: Any, field: str) -> Payload:
    """The template as a function of the variables.

    An expression that gives nothing is an error in Step Functions, and so is one that fails: both
    are States.QueryEvaluationError, and the cause ends with what the expression said.
    """
    if is_expression(template):
        return _expression(template[2:-2].strip(), field)
    if isinstance(template, dict):
        return _object({key: payload(each, f"{field}/{key}") for key, each in template.items()})
    if isinstance(template, list):
        return _array([payload(each, f"{field}[{at}]") for at, each in enumerate(template)])
    return lambda _variables: template


def optional(definition: dict[str, Any], field: str, name: str) -> Payload | None:
    """The field of the state of this name, where it has one."""
    return payload(definition[field], f"{name}/{field}") if field in definition else None


def is_expression(template: Any) -> bool:
    return isinstance(template, str) and template.startswith("{%") and template.endswith("%}")


def _expression(text: str, field: str) -> Payload:
    evaluate = compile_expression(text)

    def run(variables: Variables) -> Any:
        try:
            value = evaluate(MISSING, variables)
        except QueryFailed as failure:
            raise StateFailed(QUERY, f"{_named(text, field)} threw an error: {failure}") from None
        if value is MISSING:
            raise StateFailed(QUERY, f"{_named(text, field)} returned nothing (undefined)")
        return value

    return run


def _named(text: str, field: str) -> str:
    return f"The JSONata expression '{text}' specified for the field '{field}'"


def _object(fields: dict[str, Payload]) -> Payload:
    items = tuple(fields.items())
    return lambda variables: {key: each(variables) for key, each in items}


def _array(items: list[Payload]) -> Payload:
    return lambda variables: [each(variables) for each in items]
