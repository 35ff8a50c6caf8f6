"""Policy statements put to a request: who lets it in, who keeps it out."""

from collections.abc import Iterable
from typing import NamedTuple

from tests.simulation.access import conditions
from tests.simulation.access.conditions import Context, glob
from tests.simulation.plan import Statement


class Grant(NamedTuple):
    """One action on one resource, as a policy writes them, given to a holder.

    `holder` is a role, or for services the name of the policy. `condition` is the text of the
    statement's conditions, so that two grants of one action for different ways stay apart.
    """

    holder: str
    action: str
    resource: str
    condition: str


class Verdict(NamedTuple):
    """What the statements say together: a refusal wins over every grant."""

    refused: bool
    grants: frozenset[Grant]


NOTHING_SAID = Verdict(refused=False, grants=frozenset())


def verdict(
    holder: str, statements: Iterable[Statement], action: str, resource: str, context: Context
) -> Verdict:
    """The statements that concern this action on this resource, put together."""
    grants: set[Grant] = set()
    for statement in statements:
        found = matched(holder, statement, action, resource)
        if found is None or not _conditions_hold(statement, context):
            continue
        if not statement.allows:
            return Verdict(refused=True, grants=frozenset())
        grants.add(found)
    return Verdict(refused=False, grants=frozenset(grants))


def matched(holder: str, statement: Statement, action: str, resource: str) -> Grant | None:
    """The grant by which the statement speaks of this action on this resource, if it does."""
    act = _chosen(statement.actions, statement.not_actions, action, ignoring_case=True)
    # In a trust policy the resource goes without saying.
    unsaid = not statement.resources and not statement.not_resources
    on = "" if unsaid else _chosen(statement.resources, statement.not_resources, resource)
    if act is None or on is None:
        return None
    return Grant(holder, act, on, condition_text(statement))


def speaks_of(statement: Statement, action: str) -> bool:
    chosen = _chosen(statement.actions, statement.not_actions, action, ignoring_case=True)
    return chosen is not None


def _chosen(
    wanted: tuple[str, ...], unwanted: tuple[str, ...], value: str, ignoring_case: bool = False
) -> str | None:
    """The pattern that takes the value in, or "not ..." where it is not left out."""
    if unwanted:
        left_out = any(glob(each, ignoring_case).fullmatch(value) for each in unwanted)
        return None if left_out else "not " + " ".join(unwanted)
    return next((each for each in wanted if glob(each, ignoring_case).fullmatch(value)), None)


def _conditions_hold(statement: Statement, context: Context) -> bool:
    return all(conditions.holds(each, context) for each in statement.conditions)


def granted(holder: str, statements: Iterable[Statement]) -> set[Grant]:
    """Everything that these statements grant."""
    return {
        Grant(holder, action, resource, condition_text(statement))
        for statement in statements
        if statement.allows
        for action in statement.actions or ("not " + " ".join(statement.not_actions),)
        for resource in _resources(statement)
    }


def _resources(statement: Statement) -> tuple[str, ...]:
    if statement.not_resources:
        return ("not " + " ".join(statement.not_resources),)
    return statement.resources or ("",)


def condition_text(statement: Statement) -> str:
    return " and ".join(
        f"{each.operator} {each.key} {' or '.join(each.values)}" for each in statement.conditions
    )
