"""ISO 20022's own model of cain.001, .003 and .005, read from a package that only tests have.

A form is compared name by name: every field must be one of the model at that place, in the model's
order, and its value of the model's type, pattern and length. What the model demands and a form has
not is told too: an ISO 8583 message does not say everything that the standard wants.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, get_args, get_type_hints

from xsdata.models.datatype import XmlDate, XmlDateTime, XmlTime

# 1987's message classes: authorisation, financial, reversal.
MESSAGES = {"1": "cain_001_001_04", "2": "cain_003_001_04", "4": "cain_005_001_04"}


class Fault(NamedTuple):
    """`path` of the field, dotted."""

    path: str
    what: str


class Field(NamedTuple):
    rules: Mapping[str, Any]
    kind: type
    many: bool


@cache
def root_of(message_class: str) -> type:
    """The element below the root, which holds the whole message."""
    name = MESSAGES[message_class]
    models = import_module(f"python_iso20022.cain.{name}.models")
    root = getattr(models, name.title().replace("_", ""))
    (only,) = children(root).values()
    return only.kind


@cache
def children(kind: type) -> dict[str, Field]:
    """The elements of a type by their short names, in their order."""
    module = import_module(kind.__module__)
    hints = get_type_hints(kind, vars(module))
    return {
        str(each.metadata["name"]): _field(each.metadata, hints[each.name])
        for each in fields(kind)
        if "name" in each.metadata
    }


def _field(rules: Mapping[str, Any], hint: Any) -> Field:
    several = getattr(hint, "__origin__", None) is list
    kinds = [each for each in get_args(hint) if each is not type(None)] or [hint]
    return Field(rules, kinds[0], several)


def faults(form: Mapping[str, Any], kind: type, path: str = "") -> Iterator[Fault]:
    """What the model would refuse, or misses."""
    known = children(kind)
    for name, value in form.items():
        place = f"{path}.{name}".lstrip(".")
        if name not in known:
            yield Fault(place, "unknown")
            continue
        yield from _value(value, known[name], place)
    order = [name for name in known if name in form]
    if order != [name for name in form if name in known]:
        yield Fault(path, f"order: {', '.join(order)}")
    for name, field in known.items():
        demanded = field.rules.get("required") or field.rules.get("min_occurs", 0) > 0
        if demanded and name not in form:
            yield Fault(f"{path}.{name}".lstrip("."), "missing")


def _value(value: Any, field: Field, place: str) -> Iterator[Fault]:
    if isinstance(value, list) != field.many:
        yield Fault(place, "a list, or none, where the model has the other")
        return
    for each in value if field.many else [value]:
        if is_dataclass(field.kind) and isinstance(each, Mapping):
            yield from faults(each, field.kind, place)
        elif is_dataclass(field.kind) or isinstance(each, Mapping):
            yield Fault(place, f"one value where the model has {field.kind.__name__}")
        elif what := _simple(each, field):
            yield Fault(place, what)


def _simple(value: Any, field: Field) -> str | None:
    """What is wrong with one value, or None."""
    if field.kind is bool:
        return None if isinstance(value, bool) else "no flag"
    text, rules = str(value), field.rules
    if issubclass(field.kind, Enum):
        known = {each.value for each in field.kind}
        return None if text in known else f"{text} is not of the code list"
    if "pattern" in rules and not re.fullmatch(rules["pattern"], text):
        return f"{text} does not match {rules['pattern']}"
    if not rules.get("min_length", 0) <= len(text) <= rules.get("max_length", len(text)):
        return f"{text} has another length"
    return _typed(text, field)


def _typed(text: str, field: Field) -> str | None:
    readers: dict[str, Any] = {
        "XmlDateTime": XmlDateTime.from_string,
        "XmlDate": XmlDate.from_string,
        "XmlTime": XmlTime.from_string,
    }
    reader = readers.get(field.kind.__name__)
    if reader is None:
        return None
    try:
        reader(text)
    except ValueError:
        return f"{text} is no {field.kind.__name__}"
    return None
