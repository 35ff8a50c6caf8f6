"""Mutants of the database's conditions: one guard is dropped from its request, at the seam."""

import re
from collections.abc import Callable
from typing import Any

from tests.simulation.deployment import Amend
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.scenario import ANYTHING, Focus

type Request = dict[str, Any]
type Chosen = Callable[[str, Request], bool]

_EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression")
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")
_KINDS = {"PutItem": "Put", "UpdateItem": "Update"}


def dropped(task: str, chosen: Chosen, name: str, focus: Focus = ANYTHING) -> Mutant:
    """Without the condition of these requests of one function; a check holds always."""
    return Mutant(name, amend=_dropping(task, chosen), focus=focus)


def _dropping(task: str, chosen: Chosen) -> Amend:
    def amend(running: str, operation: str, kwargs: Request) -> Request:
        if task not in (running, "all"):
            return kwargs
        if operation == "TransactWriteItems":
            return kwargs | {"TransactItems": [*map(_amended(chosen), kwargs["TransactItems"])]}
        if operation in _KINDS and chosen(_KINDS[operation], kwargs):
            return _unconditional(kwargs)
        return kwargs

    return amend


def _amended(chosen: Chosen) -> Callable[[dict[str, Request]], dict[str, Request]]:
    def amend(action: dict[str, Request]) -> dict[str, Request]:
        ((kind, request),) = action.items()
        if not chosen(kind, request):
            return action
        return {kind: _always(request) if kind == "ConditionCheck" else _unconditional(request)}

    return amend


def _always(request: Request) -> Request:
    """A check that holds, so that the places of the other answers stay the same."""
    (key, *_) = request["Key"]
    left = {name: request[name] for name in ("TableName", "Key")}
    return left | {"ConditionExpression": f"attribute_exists({key}) OR attribute_not_exists({key})"}


def _unconditional(request: Request) -> Request:
    left = {name: value for name, value in request.items() if name != "ConditionExpression"}
    left.pop("ReturnValuesOnConditionCheckFailure", None)
    used = {
        token for each in _EXPRESSIONS if each in left for token in _PLACEHOLDER.findall(left[each])
    }
    for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if names in left:
            kept = {name: value for name, value in left[names].items() if name in used}
            left.pop(names)
            if kept:
                left[names] = kept
    return left


def _on(kind: str, table: str, prefix: str = "", key: str = "pk") -> Chosen:
    def chosen(found: str, request: Request) -> bool:
        if (found, request["TableName"]) != (kind, table):
            return False
        item = request.get("Item") or request["Key"]
        return bool(item[key]["S"].startswith(prefix))

    return chosen


def _balance_and_line(kind: str, request: Request) -> bool:
    line = _on("Put", "JournalTable", "S#")
    return line(kind, request) or _on("Update", "BalancesTable")(kind, request)


def _rejection(kind: str, request: Request) -> bool:
    on_journal = _on("ConditionCheck", "JournalTable")(kind, request)
    return on_journal and not _failed_row(kind, request)


def _failed_row(kind: str, request: Request) -> bool:
    values = request.get("ExpressionAttributeValues", {})
    return kind == "ConditionCheck" and ":record" in values


def _always_puts(_running: str, operation: str, kwargs: Request) -> Request:
    if operation != "PutObject":
        return kwargs
    return {name: value for name, value in kwargs.items() if name != "IfNoneMatch"}


_ANY_STATE = "a decision in any state"

CONDITIONS = (
    dropped("PostFunction", _on("Put", "JournalTable", "J#"), "a header is put over another"),
    dropped("PostFunction", _on("Put", "JournalTable", "X#"), "a purchase is presented twice"),
    dropped(
        "PostFunction",
        _on("Put", "PaymentsTable", "P#"),
        "a payment moves at any version",
        Focus(kinds=("payment",)),
    ),
    dropped(
        "PostFunction",
        _on("Put", "PaymentsTable", "X#"),
        "a pointer is put over another",
        Focus(kinds=("payment",)),
    ),
    dropped(
        "PostFunction",
        _on("Put", "ParkedTable", key="ingest_id"),
        "Post parks over another row",
    ),
    # Each of the two is the other's second lock; without both, one balance moves twice.
    dropped(
        "PostFunction",
        _balance_and_line,
        "a balance and its line at any version",
        Focus(kinds=("rush",)),
    ),
    dropped(
        "PostFunction",
        _on("ConditionCheck", "ParkedTable", key="ingest_id"),
        "what has a parked outcome is booked",
    ),
    dropped(
        "ApplyRulesStateMachine",
        _failed_row,
        "a booked record is parked as failed",
    ),
    dropped("all", _on("Put", "BalancesTable", "F#"), "a header is folded again"),
    dropped(
        "DeduplicateFunction",
        _on("Put", "ClaimsTable", key="msg_id"),
        "a claim is put over another",
    ),
    dropped(
        "DeduplicateFunction",
        _on("Put", "ParkedTable", key="ingest_id"),
        "a parked row is put over another",
    ),
    dropped(
        "IngestFunction",
        _on("Put", "InboxTable", key="ingest_id"),
        "a record is received over another",
    ),
    dropped(
        "IngestFunction",
        _on("Put", "VaultTable"),
        "a card gets a second token",
        Focus(kinds=("unknown",)),
    ),
    dropped(
        "ApplyRulesStateMachine",
        _rejection,
        "a rejection does not look for a header",
    ),
    dropped(
        "ApplyRulesStateMachine",
        _on("Put", "ParkedTable", key="ingest_id"),
        "the workflow parks over another row",
    ),
    dropped(
        "ReleaseFunction",
        _on("ConditionCheck", "JournalTable"),
        "a release does not look for a header",
    ),
    dropped(
        "LoadReferenceFunction",
        _on("Update", "BalancesTable"),
        "terms change at any version",
    ),
    dropped(
        "LoadReferenceFunction",
        _on("Put", "BalancesTable"),
        "a balance row is made anew",
        Focus(acts=("newcomer",)),
    ),
    dropped(
        "LoadReferenceFunction",
        _on("Put", "ReferenceTable"),
        "a rule set is put over another",
        Focus(acts=("new_rules",)),
    ),
    dropped("ReleaseFunction", _on("Update", "ParkedTable", key="ingest_id"), _ANY_STATE),
    dropped("ReleaseFunction", _balance_and_line, "a resume at any balance version"),
    dropped(
        "ReleaseFunction",
        _on("Update", "ClaimsTable", key="msg_id"),
        "a release takes a claim from whoever has it",
        Focus(kinds=("repeated", "conflicting"), acts=("quarrel", "watch")),
    ),
    dropped(
        "PostFunction",
        _on("Update", "ParkedTable", key="ingest_id"),
        "a booking resolves any parked row",
    ),
    dropped(
        "PostFunction",
        _on("Put", "ParkedTable", key="ingest_id"),
        "Post parks over another row",
    ),
    dropped(
        "DeduplicateFunction",
        _on("ConditionCheck", "JournalTable"),
        "a repeat is parked without a look for its header",
    ),
    dropped(
        "IngestFileFunction", _on("Put", "InboxTable", key="ingest_id"), "a file over a record"
    ),
    dropped(
        "RebuildBalancesFunction",
        _on("ConditionCheck", "BalancesTable"),
        "sums are set while a fold runs",
        Focus(kinds=("rush",), acts=("resum",)),
    ),
    Mutant("a notification is put over another", amend=_always_puts),
)
