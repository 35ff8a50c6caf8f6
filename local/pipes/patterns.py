"""EventBridge event patterns: which records a filter lets through."""

import fnmatch
import ipaddress
import operator
from collections.abc import Callable, Iterable
from typing import Any

MISSING = object()
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches_any(patterns: Iterable[dict[str, Any]], event: Any) -> bool:
    """Filters are alternatives: one that matches is enough, and no filter lets everything by."""
    known = tuple(patterns)
    return not known or any(matches(pattern, event) for pattern in known)


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether every field that the pattern names has a value that it allows."""
    return all(_field_matches(name, wanted, event) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, event: Any) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any(matches(one, event) for one in wanted)
    value = event.get(name, MISSING) if isinstance(event, dict) else MISSING
    if isinstance(wanted, dict):
        # An array of objects matches when one of them does.
        inner = value if isinstance(value, list) else [{} if value is MISSING else value]
        return any(matches(wanted, one) for one in inner)
    values = value if isinstance(value, list) else [value]
    return any(_leaf_matches(rule, values) for rule in wanted)


def _leaf_matches(rule: Any, values: list[Any]) -> bool:
    if not isinstance(rule, dict):
        return any(_equal(rule, value) for value in values)
    ((name, argument),) = rule.items()
    present = [value for value in values if value is not MISSING and not isinstance(value, dict)]
    if name == "exists":
        return bool(present) is argument
    if name == "anything-but":
        return bool(present) and not any(_excluded(argument, value) for value in present)
    return any(_rule_holds(name, argument, value) for value in present)


def _equal(rule: Any, value: Any) -> bool:
    # True is no 1 in JSON.
    return (type(rule) is type(value) and rule == value) or _both_numbers(rule, value)


def _both_numbers(rule: Any, value: Any) -> bool:
    return _is_number(rule) and _is_number(value) and rule == value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _excluded(argument: Any, value: Any) -> bool:
    if isinstance(argument, list):
        return any(_equal(one, value) for one in argument)
    if isinstance(argument, dict):
        ((name, inner),) = argument.items()
        options = inner if isinstance(inner, list) else [inner]
        return any(_rule_holds(name, option, value) for option in options)
    return _equal(argument, value)


def _rule_holds(name: str, argument: Any, value: Any) -> bool:
    if name == "numeric":
        return _is_number(value) and _in_range(argument, value)
    if not isinstance(value, str):
        return False
    if isinstance(argument, dict):
        # A prefix or suffix may itself be told to ignore the case.
        return _rule_holds(name, argument["equals-ignore-case"].lower(), value.lower())
    return TEXT_RULES[name](argument, value)


def _like(argument: str, value: str) -> bool:
    """A star stands for any characters, and nothing else is special."""
    return fnmatch.fnmatchcase(value, argument.replace("[", "[[]").replace("?", "[?]"))


def _in_range(argument: list[Any], value: float) -> bool:
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(COMPARISONS[sign](value, bound) for sign, bound in pairs)


def _in_network(argument: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument)
    except ValueError:
        return False


TEXT_RULES: dict[str, Callable[[str, str], bool]] = {
    "prefix": lambda argument, value: value.startswith(argument),
    "suffix": lambda argument, value: value.endswith(argument),
    "equals-ignore-case": lambda argument, value: value.lower() == argument.lower(),
    "wildcard": _like,
    "cidr": _in_network,
}
