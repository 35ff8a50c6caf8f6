"""Who calls, and what the policies say, is found out once for a request.

The engine parses all policies of a role from JSON at each check, checks each item of a transaction
by itself, does it once more to learn the caller's name, and reads the body for each question about
it. What is allowed is decided by the engine's own code on the same statements, at each check.
"""

import contextvars
import functools
import json
import types
from typing import Any

from ministack.core import iam_actions as questions
from ministack.core import iam_evaluator as engine
from ministack.core.responses import _account_from_sts_session, get_account_id
from ministack.core.router import extract_access_key_id

from .expecting import expect

# The texts of a few dozen roles, in some versions.
KEPT = 1024
PRINCIPALS = frozenset({"Root", "User", "AssumedRole", "FederatedUser"})

_parse = engine.parse_policy_document
_pin = engine.pin_request_caller
_resolve = engine.resolve_principal
# The principals of the request under way, by access key and account; None outside of any.
_known: contextvars.ContextVar[dict[tuple[str, str], Any] | None] = contextvars.ContextVar(
    "known_principals", default=None
)
_last_body: tuple[Any, Any] = (None, None)


def mend() -> None:
    """Put the remembering ways before the engine's own."""
    expect(
        {
            engine.parse_policy_document: "622a4f98a3ec",
            engine.ParsedStatement: "8326ee8936c8",
            engine.evaluate: "2a5dd6932d1a",
            engine.enforce: "cf64b1ee5b09",
            engine.request_caller_arn: "12240eb881e7",
            engine.pin_request_caller: "4e5a7d52a6e6",
            engine.resolve_principal: "b6c6131e24bf",
            questions.dynamodb_service_context: "0f0021bdc8a3",
            questions.dynamodb_transaction_checks: "684e748338e8",
            questions.dynamodb_resource_arns: "a7186900d54a",
            questions.eventbridge_resource_arns: "0615291c4d9b",
        }
    )
    engine.parse_policy_document = parse
    engine.request_caller_arn = caller_arn
    engine.pin_request_caller = pin
    engine.resolve_principal = resolve
    questions.json = types.SimpleNamespace(**{**vars(json), "loads": read})


def parse(document: Any) -> Any:
    """The statements of a policy, which every reader leaves as they are."""
    return _parse_text(document) if isinstance(document, str) else _parse(document)


def pin(headers: dict[str, str], query: dict[str, Any] | None = None) -> None:
    """Note the caller of a request that begins; what was known of the one before is forgotten."""
    _known.set({})
    _pin(headers, query)


def resolve(key: str, account: str, credential: Any = None) -> Any:
    """The principal of a key, with its policies as they are at the request's first check."""
    known = _known.get()
    if known is None:
        return _resolve(key, account, credential)
    if (key, account) not in known:
        known[key, account] = _resolve(key, account, credential)
    return known[key, account]


def caller_arn(headers: dict[str, str], query: dict[str, Any] | None = None) -> str:
    """Who calls, by the key of the request; the account's root when that is not known."""
    fallback = f"arn:aws:iam::{get_account_id()}:root"
    try:
        key = extract_access_key_id(headers or {}, query or {})
        account = _account_from_sts_session(key) or get_account_id()
        credential = engine.resolve_credential(key, account) if key else None
    except Exception:
        return fallback
    if credential is None or isinstance(credential, engine.CredentialResolutionError):
        return fallback
    known = credential.principal_type in PRINCIPALS
    return str(credential.principal_arn) if known and credential.principal_arn else fallback


def read(body: Any) -> Any:
    """A body as JSON, parsed once for all that is asked about it; nobody changes it."""
    global _last_body
    last, value = _last_body
    if last is not body:
        value = json.loads(body)
        _last_body = (body, value)
    return value


@functools.lru_cache(maxsize=KEPT)
def _parse_text(text: str) -> Any:
    return _parse(text)
