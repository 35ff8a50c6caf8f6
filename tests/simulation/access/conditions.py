"""The conditions of policy statements, as IAM evaluates them.

A request carries a context: key to value, or to a tuple of values for the keys that have several.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from tests.simulation.plan import Condition, Statement
from tests.simulation.reading.refusal import NotUnderstood

type Context = Mapping[str, str | tuple[str, ...]]
type Comparison = Callable[[str, str], bool]

FOR_ALL = "ForAllValues:"
FOR_ANY = "ForAnyValue:"
IF_EXISTS = "IfExists"

# What a request can be asked about here. A key of a service that is missing is refused, because a
# condition on it would hold or fail by chance.
KEYS = {
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "dynamodb:LeadingKeys",
    "events:detail-type",
    "events:source",
    "kms:EncryptionContextKeys",
    "kms:ViaService",
    "lambda:FunctionArn",
}
KEY_PREFIXES = ("kms:EncryptionContext:",)
KEYS_WITH_SEVERAL_VALUES = {"dynamodb:LeadingKeys", "kms:EncryptionContextKeys"}


@cache
def glob(pattern: str, ignoring_case: bool = False) -> re.Pattern[str]:
    """A star stands for any characters, a question mark for one."""
    if "${" in pattern:
        raise NotUnderstood(pattern, "policy variables are not filled in here")
    text = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignoring_case else 0))


def like(pattern: str, value: str) -> bool:
    return glob(pattern).fullmatch(value) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Part by part, so that a star does not reach over a colon before the resource."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) and all(map(like, patterns, values))


COMPARISONS: dict[str, Comparison] = {
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
}
NEGATED = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}


def holds(condition: Condition, context: Context) -> bool:
    """Whether a request with this context meets the condition."""
    found = context.get(condition.key)
    values = (found,) if isinstance(found, str) else found
    operator = condition.operator
    if operator == "Null":
        return (not values) == (condition.values[0].lower() == "true")
    if operator.startswith(FOR_ALL):
        return all(_meets(operator, condition.values, value) for value in values or ())
    if operator.startswith(FOR_ANY):
        return any(_meets(operator, condition.values, value) for value in values or ())
    if not values:
        return operator.endswith(IF_EXISTS) or operator in NEGATED
    return _meets(operator, condition.values, values[0])


def _meets(operator: str, wanted: tuple[str, ...], value: str) -> bool:
    """Whether the value equals one that is wanted; for a negated operator, none of them."""
    base = _base(operator)
    compare = COMPARISONS[NEGATED.get(base, base)]
    return any(compare(each, value) for each in wanted) != (base in NEGATED)


def _base(operator: str) -> str:
    return operator.removeprefix(FOR_ALL).removeprefix(FOR_ANY).removesuffix(IF_EXISTS)


def check(statement: Statement) -> None:
    """Refuse a condition that would be evaluated otherwise than IAM does."""
    for condition in statement.conditions:
        _check_operator(condition, statement.place)
        _check_key(condition, statement.place)


def _check_operator(condition: Condition, place: str) -> None:
    base = _base(condition.operator)
    if condition.operator != "Null" and base not in COMPARISONS and base not in NEGATED:
        raise NotUnderstood(place, f"the operator {condition.operator}")
    qualified = condition.operator.startswith((FOR_ALL, FOR_ANY))
    several = condition.key in KEYS_WITH_SEVERAL_VALUES
    if several and not qualified and base != "Null":
        raise NotUnderstood(
            place, f"{condition.key} has several values and needs a ForAll or ForAny"
        )


def _check_key(condition: Condition, place: str) -> None:
    if condition.key not in KEYS and not condition.key.startswith(KEY_PREFIXES):
        raise NotUnderstood(place, f"the condition key {condition.key}")
