import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.manifest import Manifest, Refusal, Tally, check_manifest, manifest_key, read_manifest
from tests.unit.card_messages import valid

GOOD = {
    "network": "VISA",
    "business_date": "2026-11-20",
    "count": 3,
    "totals": {"EUR": 9_000},
    "sha256": hashlib.sha256(b"onetwo").hexdigest(),
}


def tally() -> Tally:
    counted = Tally()
    assert list(counted.watch([b"one", b"two"])) == [b"one", b"two"]
    for decoded in (valid(), valid(), None):
        counted.add(decoded)
    return counted


def read(**changes: object) -> Manifest | Refusal:
    return read_manifest(json.dumps({**GOOD, **changes}).encode())


def test_a_manifest_that_agrees_has_no_problem() -> None:
    manifest = read(comment="unknown fields are no problem")

    assert isinstance(manifest, Manifest)
    assert manifest.business_date == date(2026, 11, 20)
    assert check_manifest(manifest, tally()) == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"count": 4}, ["count"]),
        ({"sha256": "0" * 64}, ["sha256"]),
        ({"totals": {"EUR": 9_001}}, ["totals.EUR"]),
        ({"totals": {}}, ["totals.EUR"]),
        ({"totals": {"EUR": 9_000, "USD": 5}, "count": 1}, ["count", "totals.USD"]),
    ],
)
def test_each_statement_that_does_not_hold_is_named(
    changes: dict[str, object], fields: list[str]
) -> None:
    manifest = read(**changes)

    assert isinstance(manifest, Manifest)
    assert [found.element for found in check_manifest(manifest, tally())] == fields


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "VIAS"},
        {"count": 0},
        {"count": True},
        {"count": "3"},
        {"business_date": "20261120"},
        {"business_date": None},
        {"totals": {"EUR": -1}},
        {"totals": {"XXX": 1}},
        {"totals": {"EUR": 1.5}},
        {"sha256": "xyz"},
        {"sha256": "é" * 64},
    ],
)
def test_a_manifest_that_says_nothing_usable_is_refused(changes: dict[str, object]) -> None:
    result = read(**changes)

    assert isinstance(result, Refusal)
    assert all(found.code == "MANIFEST" for found in result.errors)


def test_several_faults_of_a_manifest_are_all_named() -> None:
    result = read(network="?", count=0, sha256="")

    assert isinstance(result, Refusal)
    assert [found.element for found in result.errors] == ["network", "count", "sha256"]


def test_the_manifest_lies_beside_its_file() -> None:
    assert manifest_key("day/a.jsonl") == "day/a.jsonl.manifest.json"


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_no_manifest(raw: bytes) -> None:
    assert isinstance(read_manifest(raw), Refusal)
