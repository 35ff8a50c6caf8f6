"""DynamoDB's attribute values to and from plain Python.

Numbers are integers: money is minor units and nothing else that we count has fractions.
"""

from collections.abc import Mapping
from typing import Any

type Item = dict[str, dict[str, Any]]


def to_item(values: Mapping[str, Any]) -> Item:
    """Attribute values of a mapping; None is left out, because DynamoDB has no empty attribute."""
    return {name: to_attribute(value) for name, value in values.items() if value is not None}


def to_attribute(value: Any) -> dict[str, Any]:
    """The attribute value of str, bool, int, bytes, a mapping or a sequence of those; TypeError
    else.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [to_attribute(element) for element in value]}
        case _:
            raise TypeError(f"no attribute value for {type(value).__name__}")


def from_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The plain values of an item, of a strong read as of a stream image."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL" | "B":
            return value
        case "N":
            return int(value)
        case "M":
            return from_item(value)
        case "L":
            return [from_attribute(element) for element in value]
        case "NULL":
            return None
        case _:
            raise TypeError(f"unexpected attribute type {kind}")
