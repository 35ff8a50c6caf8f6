"""Conditions of statements, one operator at a time, as IAM evaluates them."""

import pytest

from tests.simulation.access.conditions import Context, check, holds
from tests.simulation.plan import Condition, Statement
from tests.simulation.reading.refusal import NotUnderstood

SOURCE = "aws:SourceArn"
LEADING = "dynamodb:LeadingKeys"
A_RULE = "arn:aws:events:eu-central-1:123456789012:rule/posting/orders"

CASES: list[tuple[str, str, tuple[str, ...], Context, bool]] = [
    ("StringEquals", SOURCE, ("a", "b"), {SOURCE: "b"}, True),
    ("StringEquals", SOURCE, ("a*",), {SOURCE: "ab"}, False),
    ("StringEquals", SOURCE, ("a",), {SOURCE: "A"}, False),
    ("StringEquals", SOURCE, ("a",), {}, False),
    ("StringEqualsIfExists", SOURCE, ("a",), {}, True),
    ("StringEqualsIfExists", SOURCE, ("a",), {SOURCE: "b"}, False),
    ("StringEqualsIgnoreCase", SOURCE, ("a",), {SOURCE: "A"}, True),
    ("StringNotEquals", SOURCE, ("a", "b"), {SOURCE: "b"}, False),
    ("StringNotEquals", SOURCE, ("a", "b"), {SOURCE: "c"}, True),
    ("StringNotEquals", SOURCE, ("a",), {}, True),
    ("StringLike", SOURCE, ("a?c*",), {SOURCE: "abcd"}, True),
    ("StringLike", SOURCE, ("a.c",), {SOURCE: "abc"}, False),
    ("StringNotLike", SOURCE, ("a*",), {SOURCE: "abc"}, False),
    ("ArnLike", SOURCE, ("arn:aws:events:*:123456789012:rule/*",), {SOURCE: A_RULE}, True),
    ("ArnEquals", SOURCE, (A_RULE,), {SOURCE: A_RULE}, True),
    # A star stays between two colons.
    ("ArnLike", SOURCE, ("arn:aws:events:*:rule/*",), {SOURCE: A_RULE}, False),
    ("ArnNotLike", SOURCE, ("arn:aws:events:*:*:rule/*",), {SOURCE: A_RULE}, False),
    ("Bool", "aws:SecureTransport", ("false",), {"aws:SecureTransport": "true"}, False),
    ("Bool", "aws:SecureTransport", ("True",), {"aws:SecureTransport": "true"}, True),
    ("Null", SOURCE, ("true",), {}, True),
    ("Null", SOURCE, ("false",), {}, False),
    ("Null", SOURCE, ("false",), {SOURCE: "a"}, True),
    ("ForAllValues:StringEquals", LEADING, ("a", "b"), {LEADING: ("a", "b", "a")}, True),
    ("ForAllValues:StringEquals", LEADING, ("a",), {LEADING: ("a", "b")}, False),
    ("ForAllValues:StringLike", LEADING, ("DOOR#*",), {LEADING: ("DOOR#api",)}, True),
    # With nothing to compare, all of it compares.
    ("ForAllValues:StringEquals", LEADING, ("a",), {}, True),
    ("ForAnyValue:StringEquals", LEADING, ("a",), {LEADING: ("a", "b")}, True),
    ("ForAnyValue:StringEquals", LEADING, ("a",), {LEADING: ("b", "c")}, False),
    ("ForAnyValue:StringEquals", LEADING, ("a",), {}, False),
]
REFUSED = [
    (Condition("DateLessThan", SOURCE, ("2026-01-01",)), "the operator DateLessThan"),
    (Condition("StringEquals", "aws:PrincipalTag/team", ("a",)), "aws:PrincipalTag/team"),
    (Condition("StringEquals", LEADING, ("a",)), "several values"),
]


@pytest.mark.parametrize(("operator", "key", "wanted", "context", "expected"), CASES)
def test_a_condition_holds_as_in_iam(
    operator: str, key: str, wanted: tuple[str, ...], context: Context, expected: bool
) -> None:
    assert holds(Condition(operator, key, wanted), context) is expected


@pytest.mark.parametrize(("condition", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_a_condition_that_would_hold_or_fail_by_chance_is_refused(
    condition: Condition, why: str
) -> None:
    with pytest.raises(NotUnderstood, match=f"^here: .*{why}"):
        check(Statement(place="here", allows=True, conditions=(condition,)))
