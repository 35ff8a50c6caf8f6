"""Event patterns of the bus, of pipes and of event source mappings.

The comparison itself is the one that the local pipes use; here a pattern is looked through first,
so that a rule which nobody knows fails a run, and is not a pattern that happens to match nothing.
"""

from collections.abc import Mapping
from typing import Any

from local.pipes import patterns as compared
from tests.simulation.reading.refusal import NotUnderstood

TEXT_RULES = {"prefix", "suffix", "equals-ignore-case", "wildcard"}
SIGNS = {"<", "<=", "=", ">", ">="}

type Pattern = Mapping[str, Any]


def matches(pattern: Pattern, event: Any) -> bool:
    """Whether every field that the pattern names has a value that it allows."""
    check(pattern, "pattern")
    return compared.matches(dict(pattern), event)


def check(pattern: Any, place: str) -> None:
    """Refuse what is not a pattern, or not one that is known here."""
    if not isinstance(pattern, Mapping) or not pattern:
        raise NotUnderstood(place, f"{pattern!r} is no pattern: it should name fields")
    for name, wanted in pattern.items():
        here = f"{place}.{name}"
        if name == "$or":
            _check_alternatives(wanted, here)
        elif isinstance(wanted, list):
            _check_leaf(wanted, here)
        else:
            check(wanted, here)


def _check_alternatives(patterns: Any, place: str) -> None:
    if not isinstance(patterns, list) or len(patterns) < 2:
        raise NotUnderstood(place, "$or takes two patterns or more")
    for index, pattern in enumerate(patterns):
        check(pattern, f"{place}[{index}]")


def _check_leaf(rules: list[Any], place: str) -> None:
    if not rules:
        raise NotUnderstood(place, "an empty list allows no value")
    for rule in rules:
        if isinstance(rule, list):
            raise NotUnderstood(place, f"{rule!r} is neither a value nor a rule")
        if isinstance(rule, Mapping):
            _check_rule(rule, place)


def _check_rule(rule: Mapping[str, Any], place: str) -> None:
    if len(rule) != 1:
        raise NotUnderstood(place, f"{rule!r} should be one rule")
    ((name, argument),) = rule.items()
    if not _is_known(name, argument):
        raise NotUnderstood(place, f"the rule {rule!r} is not known")


def _is_known(name: str, argument: Any) -> bool:
    match name:
        case "exists":
            return isinstance(argument, bool)
        case "numeric":
            return _is_range(argument)
        case "cidr":
            return isinstance(argument, str)
        case "anything-but":
            return _is_exception(argument)
        case _:
            return name in TEXT_RULES and _is_text(name, argument)


def _is_range(argument: Any) -> bool:
    """A sign and a number, once or twice."""
    if not isinstance(argument, list) or len(argument) not in {2, 4}:
        return False
    numbers = all(type(each) in {int, float} for each in argument[1::2])
    return numbers and all(each in SIGNS for each in argument[::2])


def _is_exception(argument: Any) -> bool:
    """What a value must not be: values, or one rule about texts with one argument or several."""
    if isinstance(argument, Mapping):
        if len(argument) != 1:
            return False
        ((name, inner),) = argument.items()
        texts = inner if isinstance(inner, list) else [inner]
        return name in TEXT_RULES and all(isinstance(text, str) for text in texts)
    values = argument if isinstance(argument, list) else [argument]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def _is_text(name: str, argument: Any) -> bool:
    """A text; a prefix or a suffix may itself be told to ignore the case."""
    if isinstance(argument, Mapping):
        folded = argument.get("equals-ignore-case")
        return name in {"prefix", "suffix"} and len(argument) == 1 and isinstance(folded, str)
    return isinstance(argument, str)
