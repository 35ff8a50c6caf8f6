"""The template as the tests read it: as written, and as SAM expands it, in plain dictionaries."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
ASL = ROOT / "statemachine" / "apply_rules.asl.json"

type Resource = dict[str, Any]


@cache
def written() -> dict[str, Any]:
    """The template as it stands in the repository; tags such as !Ref in their long form."""
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


@cache
def expanded() -> dict[str, Any]:
    """What SAM makes of it, with every parameter at its default."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    fragment = yaml_parse(TEMPLATE.read_text())
    # The translator wants what `sam package` would have uploaded.
    fragment["Globals"]["Function"]["CodeUri"] = "s3://code/functions.zip"
    for resource in fragment["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://code/asl"
    parameters = {name: value["Default"] for name, value in fragment["Parameters"].items()}
    result: dict[str, Any] = transform(fragment, parameters, _NoManagedPolicies())
    return result


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def of_type(*types: str) -> dict[str, Resource]:
    """Expanded resources of these types, by logical id."""
    return {
        name: resource
        for name, resource in expanded()["Resources"].items()
        if resource["Type"] in types
    }


def properties(name: str) -> Resource:
    found: Resource = expanded()["Resources"][name]["Properties"]
    return found


def functions() -> dict[str, Resource]:
    """Properties of every function as written, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in written()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def named(value: Any) -> str:
    """The logical id that a Ref, a GetAtt or a Sub points at; the text itself otherwise."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::GetAtt": str(path)}:
            return path.partition(".")[0]
        case {"Fn::Sub": str(text)} if text.startswith("${"):
            return text[2:].partition("}")[0].partition(".")[0]
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return str(value)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A policy's statements on AWS, where every resource type is deployed."""
    for statement in document["Statement"]:
        match statement:
            case {"Fn::If": ["AllResourceTypes", on_aws, _]}:
                yield on_aws
            case _:
                yield statement


def identity_statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role, those of shared policies included, by the role's id."""
    shared = of_type("AWS::IAM::ManagedPolicy")
    for role, resource in of_type("AWS::IAM::Role").items():
        for policy in resource["Properties"].get("Policies", []):
            for statement in statements(policy["PolicyDocument"]):
                yield role, statement
        for attached in resource["Properties"].get("ManagedPolicyArns", []):
            for statement in statements(shared[named(attached)]["Properties"]["PolicyDocument"]):
                yield role, statement


def granted(role: str) -> set[tuple[str, str]]:
    """What a role may do: (action, what it is done to)."""
    return {
        (action, named(resource))
        for holder, statement in identity_statements()
        if holder == role
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def holders(action: str, resource: str) -> set[str]:
    """The roles that may do this to that."""
    return {role for role in of_type("AWS::IAM::Role") if (action, resource) in granted(role)}


@cache
def workflow() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(ASL.read_text())
    return parsed


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state of a machine, those of nested branches included, by name."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)
