from typing import Any

import pytest

from local.pipes.patterns import matches, matches_any
from tests.local.pipe_world import record

RECORD = record(7, kind="H")

CASES: list[tuple[dict[str, Any], bool]] = [
    ({"eventName": ["INSERT"]}, True),
    ({"eventName": ["MODIFY", "REMOVE"]}, False),
    ({"dynamodb": {"Keys": {"pk": {"S": ["7"]}}}}, True),
    ({"dynamodb": {"NewImage": {"kind": {"S": ["H"]}}}, "eventName": ["INSERT"]}, True),
    ({"dynamodb": {"NewImage": {"kind": {"S": ["H"]}}}, "eventName": ["REMOVE"]}, False),
    ({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "7"}]}}}}, True),
    ({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "8"}]}}}}, False),
    ({"eventName": [{"suffix": "ERT"}]}, True),
    ({"eventName": [{"prefix": {"equals-ignore-case": "ins"}}]}, True),
    ({"eventName": [{"equals-ignore-case": "insert"}]}, True),
    ({"eventName": [{"wildcard": "I*T"}]}, True),
    ({"eventName": [{"wildcard": "I?SERT"}]}, False),
    ({"eventName": [{"anything-but": "REMOVE"}]}, True),
    ({"eventName": [{"anything-but": ["REMOVE", "INSERT"]}]}, False),
    ({"eventName": [{"anything-but": {"prefix": "INS"}}]}, False),
    ({"missing": [{"anything-but": "x"}]}, False),
    ({"dynamodb": {"NewImage": {"kind": {"S": [{"exists": True}]}}}}, True),
    ({"dynamodb": {"NewImage": {"none": {"S": [{"exists": True}]}}}}, False),
    ({"dynamodb": {"NewImage": {"none": {"S": [{"exists": False}]}}}}, True),
    ({"dynamodb": {"SizeBytes": [{"numeric": [">", 0, "<=", 1]}]}}, True),
    ({"dynamodb": {"SizeBytes": [{"numeric": [">", 1]}]}}, False),
    ({"dynamodb": {"SequenceNumber": [{"numeric": ["=", 7]}]}}, False),
    ({"dynamodb": {"SizeBytes": [1.0]}}, True),
    ({"dynamodb": {"SizeBytes": [True]}}, False),
    ({"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [1]}}]}, True),
    ({"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [2]}}]}, False),
]


@pytest.mark.parametrize(("pattern", "expected"), CASES, ids=str)
def test_a_record_passes_when_every_named_field_has_an_allowed_value(
    pattern: dict[str, Any], expected: bool
) -> None:
    assert matches(pattern, RECORD) is expected


def test_one_element_of_an_array_is_enough() -> None:
    assert matches(
        {"tags": ["a"], "rows": {"n": [2]}}, {"tags": ["b", "a"], "rows": [{"n": 1}, {"n": 2}]}
    )
    assert not matches({"tags": ["c"]}, {"tags": ["b", "a"]})


def test_null_and_addresses_are_compared_as_such() -> None:
    assert matches({"a": [None]}, {"a": None})
    assert matches({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.9"})
    assert not matches({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "no address"})


def test_one_matching_filter_is_enough_and_no_filter_lets_everything_by() -> None:
    assert matches_any([{"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]}], RECORD)
    assert not matches_any([{"eventName": ["REMOVE"]}], RECORD)
    assert matches_any([], RECORD)
