"""Mutants of the template: a property that carries money is missing or wrong."""

import json
from collections.abc import Callable
from typing import Any

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.scenario import Focus

type Properties = dict[str, Any]


def _of(resource: str, edit: Callable[[Properties], Any]) -> Callable[[dict[str, Any]], None]:
    def change(expanded: dict[str, Any]) -> None:
        edit(expanded["Resources"][resource]["Properties"])

    return change


def _without(resource: str, *path: str) -> Callable[[dict[str, Any]], None]:
    def edit(properties: Any) -> None:
        for name in path[:-1]:
            properties = properties[int(name) if name.isdigit() else name]
        del properties[path[-1]]

    return _of(resource, edit)


def _set(resource: str, value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def edit(properties: Any) -> None:
        for name in path[:-1]:
            properties = properties[int(name) if name.isdigit() else name]
        properties[path[-1]] = value

    return _of(resource, edit)


def _never(schedule: str) -> Callable[[dict[str, Any]], None]:
    return _of(schedule, lambda properties: properties.update(State="DISABLED"))


def _forbidden(role: str, action: str, table: str) -> Callable[[dict[str, Any]], None]:
    """Without one action on one resource in the role's own policies."""

    def edit(properties: Properties) -> None:
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                listed = actions if isinstance(actions, list) else [actions]
                if action in listed and table in json.dumps(statement["Resource"]):
                    left = [each for each in listed if each != action]
                    statement["Action"] = left or ["dynamodb:DescribeTable"]

    return _of(role, edit)


_STREAM = ("SourceParameters", "DynamoDBStreamParameters")
_FILTERS = ("SourceParameters", "FilterCriteria")
# Records that nobody can read, often.
_POISON = Focus(faults=("record poisoned",))

DEPLOYMENT = (
    Mutant(
        "Post's failures are not asked for",
        change=_without("PostFunctionDecided", "FunctionResponseTypes"),
    ),
    Mutant(
        "Enrich's failures are not asked for",
        change=_without("EnrichFunctionAuthorized", "FunctionResponseTypes"),
    ),
    Mutant(
        "a rule has no letters",
        change=_without("DecidedRule", "Targets", "0", "DeadLetterConfig"),
        focus=Focus(faults=("target down",)),
    ),
    Mutant(
        "the pipe reads changes",
        change=_set(
            "InboxPipe", {"Filters": [{"Pattern": '{"eventName": ["MODIFY"]}'}]}, *_FILTERS
        ),
    ),
    Mutant(
        "the fold reads lines",
        change=_set(
            "FoldFunctionJournal",
            {"Filters": [{"Pattern": '{"dynamodb": {"Keys": {"sk": {"S": ["P"]}}}}'}]},
            "FilterCriteria",
        ),
    ),
    Mutant(
        "a rule listens to another source",
        change=_set("DecidedRule", ["payments.rule"], "EventPattern", "source"),
    ),
    Mutant(
        "a rule leaves out suspense",
        change=_set("DecidedRule", ["TransactionPostingApproved"], "EventPattern", "detail-type"),
    ),
    Mutant(
        "Post may not put into the journal",
        change=_forbidden("PostRole", "dynamodb:PutItem", "JournalTable"),
    ),
    Mutant(
        "Post may not resolve a parked row",
        change=_forbidden("PostRole", "dynamodb:UpdateItem", "ParkedTable"),
    ),
    Mutant(
        "Deduplicate may not park",
        change=_forbidden("DeduplicateRole", "dynamodb:PutItem", "ParkedTable"),
    ),
    Mutant(
        "the workflow may not check for a header",
        change=_forbidden("ApplyRulesRole", "dynamodb:ConditionCheckItem", "JournalTable"),
    ),
    Mutant("the sweep has no schedule", change=_never("SweepFunctionOverdue")),
    Mutant(
        "the journal's pipe reads lines too",
        change=_without("JournalPipe", "SourceParameters", "FilterCriteria"),
    ),
    Mutant("PostQueue has no letters", change=_without("PostQueue", "RedrivePolicy")),
    Mutant(
        "a pipe has no letters",
        change=_without("InboxPipe", *_STREAM, "DeadLetterConfig"),
        focus=_POISON,
    ),
    Mutant(
        "the journal's pipe has no letters",
        change=_without("JournalPipe", *_STREAM, "DeadLetterConfig"),
        focus=_POISON,
    ),
    Mutant(
        "the fold has no letters",
        change=_without("FoldFunctionJournal", "DestinationConfig"),
        focus=_POISON,
    ),
    Mutant("Enrich may not publish", change=_forbidden("EnrichRole", "events:PutEvents", "Bus")),
)
