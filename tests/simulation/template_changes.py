"""Changes to the expanded template, for `template.deployed`."""

from collections.abc import Callable
from typing import Any

from tests.simulation import template
from tests.simulation.plan import Plan

type Change = Callable[[dict[str, Any]], None]
type Document = dict[str, Any]


def setting(resource: str, name: str, value: Any) -> Change:
    """Set one property of a resource, where it has one already or not."""

    def change(expanded: dict[str, Any]) -> None:
        expanded["Resources"][resource].setdefault("Properties", {})[name] = value

    return change


def without(resource: str, name: str) -> Change:
    """Take one property of a resource away."""

    def change(expanded: dict[str, Any]) -> None:
        del expanded["Resources"][resource]["Properties"][name]

    return change


def policy(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def with_statement(role: str, statement: Document) -> Plan:
    """The plan in which a role has one statement more."""

    def change(expanded: dict[str, Any]) -> None:
        policies = expanded["Resources"][role]["Properties"].setdefault("Policies", [])
        policies.append({"PolicyName": "more", "PolicyDocument": policy(statement)})

    return template.deployed(change)


def with_policy(resource: str, name: str, *statements: Document) -> Plan:
    """The plan in which a resource's policy, under this property, has these statements only."""
    return template.deployed(setting(resource, name, policy(*statements)))
