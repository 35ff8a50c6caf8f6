"""Event patterns: the values that they allow, and the rules that are refused as unknown."""

from typing import Any

import pytest

from tests.simulation import patterns, template
from tests.simulation.reading.refusal import NotUnderstood

EVENT = {
    "source": "payments.ledger",
    "detail-type": "TransactionPosted",
    "detail": {"amount": 1250, "flags": ["FOREIGN", "LATE"], "note": None, "data": {"k": "v"}},
}

ALLOWED: list[dict[str, Any]] = [
    {"source": ["payments.ledger"]},
    {"source": ["other", "payments.ledger"], "detail-type": ["TransactionPosted"]},
    {"source": [{"prefix": "payments."}]},
    {"source": [{"suffix": ".ledger"}]},
    {"source": [{"wildcard": "pay*.ledger"}]},
    {"source": [{"equals-ignore-case": "PAYMENTS.LEDGER"}]},
    {"source": [{"anything-but": "payments.rules"}]},
    {"source": [{"anything-but": {"prefix": ["other.", "test."]}}]},
    {"detail": {"amount": [1250]}},
    {"detail": {"amount": [{"numeric": [">", 0, "<=", 1250]}]}},
    {"detail": {"flags": ["LATE"]}},
    {"detail": {"note": [None]}},
    {"detail": {"data": {"k": [{"exists": True}]}}},
    {"detail": {"absent": [{"exists": False}]}},
    {"replay-name": [{"exists": False}]},
    {"$or": [{"source": ["other"]}, {"detail": {"amount": [1250]}}]},
]
LEFT_OUT: list[dict[str, Any]] = [
    {"source": ["payments.ledge"]},
    {"source": ["payments.ledger"], "detail-type": ["TransactionRejected"]},
    {"source": [{"prefix": "ledger"}]},
    {"source": [{"anything-but": {"prefix": ["payments.", "test."]}}]},
    {"detail": {"amount": ["1250"]}},
    {"detail": {"amount": [{"numeric": [">", 1250]}]}},
    {"detail": {"amount": [{"exists": False}]}},
    {"detail": {"flags": ["EARLY"]}},
    {"detail": {"absent": [{"anything-but": "x"}]}},
    {"detail": {"absent": ["x"]}},
    {"detail": {"data": [{"exists": True}]}},
    {"$or": [{"source": ["other"]}, {"detail": {"amount": [1]}}]},
]
REFUSED: list[Any] = [
    {},
    [],
    {"source": "payments.ledger"},
    {"source": []},
    {"source": [["payments.ledger"]]},
    {"source": [{"starts-with": "pay"}]},
    {"source": [{"prefix": "pay", "suffix": "er"}]},
    {"source": [{"prefix": 7}]},
    {"source": [{"wildcard": {"equals-ignore-case": "p"}}]},
    {"source": [{"exists": "true"}]},
    {"source": [{"anything-but": {"starts-with": "pay"}}]},
    {"source": [{"anything-but": []}]},
    {"detail": {"amount": [{"numeric": [">"]}]}},
    {"detail": {"amount": [{"numeric": ["!=", 1]}]}},
    {"detail": {"amount": [{"numeric": [">", "1"]}]}},
    {"detail": {}},
    {"$or": [{"source": ["other"]}]},
    {"$or": {"source": ["other"]}},
]


@pytest.mark.parametrize("pattern", ALLOWED, ids=str)
def test_an_event_passes_when_every_named_field_has_an_allowed_value(
    pattern: dict[str, Any],
) -> None:
    assert patterns.matches(pattern, EVENT)


@pytest.mark.parametrize("pattern", LEFT_OUT, ids=str)
def test_an_event_is_left_out_when_one_named_field_has_another_value(
    pattern: dict[str, Any],
) -> None:
    assert not patterns.matches(pattern, EVENT)


@pytest.mark.parametrize("pattern", REFUSED, ids=str)
def test_a_pattern_that_is_not_known_is_refused_even_where_it_would_not_be_reached(
    pattern: Any,
) -> None:
    with pytest.raises(NotUnderstood):
        patterns.matches(pattern, {})


def test_an_unknown_rule_is_refused_when_the_template_is_read() -> None:
    def change(expanded: dict[str, Any]) -> None:
        rule = expanded["Resources"]["AuditRule"]["Properties"]
        rule["EventPattern"]["source"] = [{"starts-with": "payments."}]

    with pytest.raises(NotUnderstood, match=r"AuditRule\.EventPattern\.source.*starts-with"):
        template.deployed(change)
