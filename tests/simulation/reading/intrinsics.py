"""CloudFormation's functions carried out, as on AWS with every parameter at its default."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from tests.simulation.reading import names
from tests.simulation.reading.refusal import NotUnderstood

NO_VALUE = object()
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")

type Tree = dict[str, Any]


class Resolver:
    """One expanded template, value by value. What it cannot resolve it refuses, with the place."""

    def __init__(self, template: Tree) -> None:
        self._template = template
        self._resources: Tree = template["Resources"]
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::And": lambda given, place: all(self._each(given, place)),
            "Fn::Equals": self._equals,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Not": lambda given, place: not self.resolve(given[0], place),
            "Fn::Or": lambda given, place: any(self._each(given, place)),
            "Fn::Select": lambda given, place: self.resolve(given[1], place)[int(given[0])],
            "Fn::Split": lambda given, place: self.resolve(given[1], place).split(given[0]),
            "Fn::Sub": self._sub,
        }

    def of_type(self, type_name: str) -> Iterator[tuple[str, Tree]]:
        """Logical id and resolved properties of every deployed resource of this type."""
        for logical_id, resource in self._resources.items():
            if resource["Type"] == type_name and self.is_deployed(logical_id):
                place = f"Resources.{logical_id}.Properties"
                yield logical_id, self.resolve(resource.get("Properties", {}), place)

    def types(self) -> Iterator[tuple[str, str]]:
        """Logical id and type of everything that is deployed."""
        for logical_id, resource in self._resources.items():
            if self.is_deployed(logical_id):
                yield logical_id, resource["Type"]

    def is_deployed(self, logical_id: str) -> bool:
        condition = self._resources[logical_id].get("Condition")
        place = f"Resources.{logical_id}.Condition"
        return condition is None or self._condition(condition, place)

    def name(self, logical_id: str) -> str:
        """What a resource is called once it is deployed; a rule has its bus before it."""
        resource = self._resources[logical_id]
        given = resource.get("Properties", {})
        place = f"Resources.{logical_id}.Properties"
        own = names.NAME_PROPERTY.get(resource["Type"])
        name = str(self.resolve(given[own], place)) if own in given else logical_id
        if resource["Type"] == "AWS::Events::Rule" and "EventBusName" in given:
            bus = self.resolve(given["EventBusName"], place)
            return name if bus == "default" else f"{bus}/{name}"
        return name

    def arn(self, logical_id: str) -> str:
        return names.arn(self._resources[logical_id]["Type"], self.name(logical_id))

    def resolve(self, value: Any, place: str) -> Any:
        """The value in plain JSON; what is AWS::NoValue falls away."""
        if isinstance(value, list):
            return [one for one in self._each(value, place) if one is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, given),) = value.items()
            if name in self._functions and not _is_plain(name, given):
                return self._functions[name](given, f"{place}.{name}")
            if name.startswith("Fn::"):
                raise NotUnderstood(place, f"the function {name} is not carried out here")
        done = {name: self.resolve(each, f"{place}.{name}") for name, each in value.items()}
        return {name: each for name, each in done.items() if each is not NO_VALUE}

    def _each(self, values: list[Any], place: str) -> Iterator[Any]:
        for index, value in enumerate(values):
            yield self.resolve(value, f"{place}[{index}]")

    def _ref(self, name: str, place: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in names.PSEUDO_PARAMETERS:
            return names.PSEUDO_PARAMETERS[name]
        if name in self._template.get("Parameters", {}):
            return _default(self._template["Parameters"][name], f"{place} {name}")
        found = names.reference(self._type_of(name, place), self.name(name))
        return _known(found, place, f"a Ref to {name}")

    def _get_att(self, given: Any, place: str) -> str:
        logical_id, wanted = given.split(".", 1) if isinstance(given, str) else given
        found = names.attribute(self._type_of(logical_id, place), self.name(logical_id), wanted)
        return _known(found, place, f"the attribute {logical_id}.{wanted}")

    def _type_of(self, logical_id: str, place: str) -> str:
        if logical_id not in self._resources:
            raise NotUnderstood(place, f"the template does not define {logical_id}")
        if not self.is_deployed(logical_id):
            raise NotUnderstood(place, f"{logical_id} is not deployed")
        return cast(str, self._resources[logical_id]["Type"])

    def _condition(self, name: Any, place: str) -> bool:
        if name not in self._template.get("Conditions", {}):
            raise NotUnderstood(place, f"the template does not define the condition {name}")
        return bool(self.resolve(self._template["Conditions"][name], f"Conditions.{name}"))

    def _if(self, given: list[Any], place: str) -> Any:
        return self.resolve(given[1] if self._condition(given[0], place) else given[2], place)

    def _equals(self, given: list[Any], place: str) -> bool:
        one, other = self._each(given, place)
        return str(one) == str(other)

    def _join(self, given: list[Any], place: str) -> str:
        return str(given[0]).join(str(each) for each in self.resolve(given[1], place))

    def _find_in_map(self, given: list[Any], place: str) -> Any:
        found: Any = self._template.get("Mappings", {})
        for key in self._each(given, place):
            if key not in found:
                raise NotUnderstood(place, f"no entry {key} in the mapping")
            found = found[key]
        return found

    def _sub(self, given: Any, place: str) -> str:
        text, own = given if isinstance(given, list) else (given, {})

        def fill(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.resolve(own[name], place))
            return str(self._get_att(name, place) if "." in name else self._ref(name, place))

        return PLACEHOLDER.sub(fill, text)


def _is_plain(name: str, given: Any) -> bool:
    """A policy statement's Condition is an object, the function's argument is a name."""
    return name == "Condition" and not isinstance(given, str)


def _default(parameter: Tree, place: str) -> str:
    if "Default" not in parameter:
        raise NotUnderstood(place, "the parameter has no default")
    return str(parameter["Default"])


def _known(found: str | None, place: str, what: str) -> str:
    if found is None:
        raise NotUnderstood(place, f"{what} is not known here")
    return found
