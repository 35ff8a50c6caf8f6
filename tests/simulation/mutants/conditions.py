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


def _on(kind: str, table: str, prefix: str = "", key: str = "pk", holding: str = "") -> Chosen:
    """Requests of this kind to items of the table whose key begins so, with such a condition."""

    def chosen(found: str, request: Request) -> bool:
        if (found, request["TableName"]) != (kind, table):
            return False
        item = request.get("Item") or request["Key"]
        text = request.get("ConditionExpression", "")
        return bool(item[key]["S"].startswith(prefix)) and holding in text

    return chosen


def _any(*several: Chosen) -> Chosen:
    return lambda kind, request: any(each(kind, request) for each in several)


_HEADER = _on("Put", "JournalTable", "J#")
_LINE = _on("Put", "JournalTable", "S#")
_BALANCE = _on("Update", "BalancesTable")
_NOT_BOOKED = _on("ConditionCheck", "JournalTable")
_PAYMENT = _on("Put", "PaymentsTable", "P#")
_POINTER = _on("Put", "PaymentsTable", "X#")
_PARK = _on("Put", "ParkedTable", key="ingest_id")
_NOT_PARKED = _on("ConditionCheck", "ParkedTable", key="ingest_id")
_DECIDE = _on("Update", "ParkedTable", key="ingest_id")
_RECEIVE = _on("Put", "InboxTable", key="ingest_id")
_CLAIM = _on("Put", "ClaimsTable", key="msg_id")
# Each of the two is the other's second lock; without both, one balance moves twice.
_BALANCE_AND_LINE = _any(_BALANCE, _LINE)
_OF_THE_MESSAGE = " AND msg_id = :msg_id"
_FAILED_ROW = _on("ConditionCheck", "JournalTable", holding=":record")


def _rejection(kind: str, request: Request) -> bool:
    return _NOT_BOOKED(kind, request) and not _FAILED_ROW(kind, request)


def _whatever_message(_running: str, operation: str, kwargs: Request) -> Request:
    """A parked row lets a booking of its record pass, under any message id."""
    if operation != "TransactWriteItems":
        return kwargs
    return kwargs | {"TransactItems": [*map(_of_any_message, kwargs["TransactItems"])]}


def _of_any_message(action: dict[str, Request]) -> dict[str, Request]:
    ((kind, request),) = action.items()
    condition = request.get("ConditionExpression", "")
    if _OF_THE_MESSAGE not in condition:
        return action
    values = request["ExpressionAttributeValues"]
    left = {name: value for name, value in values.items() if name != ":msg_id"}
    condition = condition.replace(_OF_THE_MESSAGE, "")
    return {kind: request | {"ConditionExpression": condition, "ExpressionAttributeValues": left}}


def _always_puts(_running: str, operation: str, kwargs: Request) -> Request:
    if operation != "PutObject":
        return kwargs
    return {name: value for name, value in kwargs.items() if name != "IfNoneMatch"}


_RULES = "ApplyRulesStateMachine"
_REPEATS = ("repeated", "conflicting", "repeated_refusal")
_LEGS = Focus(acts=("legs",))
_CORRECTIONS = Focus(kinds=("purchase",), acts=("void", "change", "quarrel"))
_DISPUTES = Focus(kinds=("purchase",), acts=("dispute", "contend"))
_EXCESSES = Focus(kinds=("payment",), acts=("accept", "compete"))
_SETTLEMENT = Focus(kinds=("purchase",), acts=("settle",))
_ACCOUNTS = Focus(kinds=("rush",), acts=("account",), slow=("AccountFunction",))
_BURST = Focus(burst=True)
_PAYMENTS = Focus(kinds=("payment",))
_EXPIRY = Focus(kinds=("held_and_paid_back",), acts=("watch_the_timers",), slow=("TimersFunction",))
_RELEASES = Focus(kinds=("over_limit_again",), acts=("release", "settle_suspense", "quarrel"))
_FAILING_TWICE = Focus(slow=(_RULES,), faults=("run twice", "throttle"))
_REFUSED_TWICE = Focus(
    kinds=("declined", "refused"),
    acts=("discard", "release", "quarrel"),
    slow=(_RULES,),
    faults=("run twice", "doubled", "late"),
)
_SHORT_OF_MONEY = Focus(
    kinds=("held_while_money_comes",), slow=("PostFunction",), faults=("visible again",)
)
_LATE_ANSWERS = Focus(
    kinds=("answered_at_last",), acts=("watch_the_requests",), slow=("TimersFunction",)
)
_REPEATS_RELEASED = Focus(
    kinds=_REPEATS, acts=("watch", "quarrel", "release"), slow=("ReleaseFunction",)
)
_SUMMING = Focus(
    kinds=("rush", "repeated"),
    acts=("resum", "fold_by_hand"),
    slow=("RebuildBalancesFunction",),
)
_PAIRS = Focus(kinds=("pair", "lone_request"), acts=("discard", "release"))

CONDITIONS = (
    # Receiving
    dropped("IngestFunction", _RECEIVE, "a record is received over another"),
    dropped("IngestFileFunction", _RECEIVE, "a file over a record"),
    dropped(
        "IngestFunction",
        _on("Put", "VaultTable"),
        "a card gets a second token",
        Focus(kinds=("unknown",)),
    ),
    # Who speaks for a message
    dropped("DeduplicateFunction", _CLAIM, "a claim is put over another"),
    dropped("DeduplicateFunction", _PARK, "a parked row is put over another"),
    dropped("DeduplicateFunction", _NOT_BOOKED, "a repeat is parked without a look for its header"),
    dropped("DeduplicateFunction", _DECIDE, "a response answers a request in any state", _PAIRS),
    dropped("TimersFunction", _DECIDE, "timers let a request go on in any state", _LATE_ANSWERS),
    # Decisions
    dropped(_RULES, _FAILED_ROW, "a booked record is parked as failed", _FAILING_TWICE),
    dropped(_RULES, _rejection, "a rejection does not look for a header"),
    dropped(_RULES, _PARK, "the workflow parks over another row", _REFUSED_TWICE),
    # Booking
    dropped("PostFunction", _HEADER, "a header is put over another"),
    dropped("PostFunction", _on("Put", "JournalTable", "X#"), "a purchase is presented twice"),
    dropped(
        "PostFunction",
        _BALANCE_AND_LINE,
        "a balance and its line at any version",
        Focus(kinds=("rush",)),
    ),
    dropped(
        "PostFunction",
        _BALANCE,
        "money is held at any version of the balance",
        Focus(kinds=("held",), slow=("PostFunction",)),
    ),
    dropped("PostFunction", _PARK, "Post parks over another row"),
    dropped("PostFunction", _NOT_PARKED, "what has a parked outcome is booked"),
    dropped("PostFunction", _DECIDE, "a booking resolves any parked row"),
    dropped("PostFunction", _NOT_BOOKED, "what is booked is refused, or waits", _SHORT_OF_MONEY),
    # Booking in batches
    dropped("PostBatchFunction", _HEADER, "a batch puts a header over another", _BURST),
    dropped(
        "PostBatchFunction",
        _BALANCE_AND_LINE,
        "a batch moves a balance at any version",
        Focus(burst=True, acts=("mode", "account"), slow=("PostBatchFunction",)),
    ),
    # Payments
    dropped("PostFunction", _PAYMENT, "a payment moves at any version", _PAYMENTS),
    dropped("PostFunction", _POINTER, "a pointer is put over another", _PAYMENTS),
    dropped("TimersFunction", _PAYMENT, "a hold expires at any version", _EXPIRY),
    # Folding
    dropped("all", _on("Put", "BalancesTable", "F#"), "a header is folded again"),
    dropped(
        "RebuildBalancesFunction",
        _on("ConditionCheck", "BalancesTable"),
        "sums are set while a fold runs",
        _SUMMING,
    ),
    # Reference data and accounts
    dropped("LoadReferenceFunction", _BALANCE, "terms change at any version"),
    dropped(
        "LoadReferenceFunction",
        _on("Put", "BalancesTable"),
        "a balance row is made anew",
        Focus(acts=("newcomer",)),
    ),
    dropped(
        "LoadReferenceFunction",
        _on("Put", "ReferenceTable", "RULES#"),
        "a rule set is put over another",
        Focus(acts=("contradict_the_rules",)),
    ),
    dropped(
        "AccountFunction", _BALANCE, "an order changes a balance row at any version", _ACCOUNTS
    ),
    # Decisions of people
    dropped("ReleaseFunction", _DECIDE, "a decision in any state", _REPEATS_RELEASED),
    dropped(
        "ReleaseFunction", _NOT_BOOKED, "a release does not look for a header", _REPEATS_RELEASED
    ),
    dropped("ReleaseFunction", _BALANCE_AND_LINE, "a resume at any balance version", _RELEASES),
    dropped("ReleaseFunction", _HEADER, "a suspense booking is settled twice", _RELEASES),
    dropped(
        "ReleaseFunction",
        _on("Update", "ClaimsTable", key="msg_id"),
        "a release takes a claim from whoever has it",
        Focus(kinds=_REPEATS, acts=("quarrel", "watch")),
    ),
    Mutant(
        "a record is booked under any of its ids",
        amend=_whatever_message,
        focus=Focus(
            kinds=_REPEATS, acts=("watch", "release"), faults=("doubled", "late", "throttle")
        ),
    ),
    # Sequences of legs
    dropped("AssembleFunction", _on("Put", "AssembliesTable"), "a leg is put over another", _LEGS),
    dropped(
        "AssembleFunction",
        _on("Update", "AssembliesTable", holding="checksum"),
        "a leg of another sequence is counted",
        _LEGS,
    ),
    dropped(
        "AssembleFunction",
        _any(_HEADER, _on("Update", "AssembliesTable", holding="#state = :open")),
        "a sequence is booked in any state, and again",
        _LEGS,
    ),
    dropped(
        "AssembleFunction",
        _on("Update", "AssembliesTable", holding=":one_state"),
        "a sequence is parked in any state",
        _LEGS,
    ),
    dropped(
        "AssembleFunction",
        _BALANCE_AND_LINE,
        "a sequence moves a balance at any version",
        Focus(kinds=("rush",), acts=("legs",)),
    ),
    # Corrections and settlement
    dropped("CorrectFunction", _HEADER, "a correction is put over another", _CORRECTIONS),
    dropped(
        "CorrectFunction",
        _BALANCE_AND_LINE,
        "a correction moves a balance at any version",
        Focus(kinds=("rush",), acts=("void", "change", "quarrel"), slow=("CorrectFunction",)),
    ),
    # Header, payment and balance are locks of one another here: each is the last one somewhere.
    dropped("DisputeFunction", _PAYMENT, "a dispute moves a payment at any version", _DISPUTES),
    dropped("DisputeFunction", _PAYMENT, "an excess is accepted twice", _EXCESSES),
    dropped(
        "DisputeFunction",
        _any(_HEADER, _PAYMENT, _BALANCE_AND_LINE),
        "a dispute is put over another",
        _DISPUTES,
    ),
    dropped(
        "DisputeFunction",
        _BALANCE_AND_LINE,
        "a dispute moves a balance at any version",
        Focus(kinds=("rush",), acts=("dispute", "contend")),
    ),
    dropped("SettleFunction", _HEADER, "a settlement is booked over another", _SETTLEMENT),
    # What is told
    Mutant("a notification is put over another", amend=_always_puts),
)
