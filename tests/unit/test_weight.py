"""What functions import, seen in fresh processes: a cold start pays for all of it."""

import pytest

from bench import weight


@pytest.mark.parametrize("name", weight.NAMES)
def test_a_function_imports_nothing_heavy(name: str) -> None:
    assert weight.heavy(name, weight.imported_by(name)) == []


def test_the_sdk_on_top_of_the_sdk_is_heavy_only_on_the_way_of_every_transaction() -> None:
    assert weight.heavy("post", {"boto3", "botocore"}) == ["boto3"]
    assert weight.heavy("ingest", {"boto3", "botocore"}) == []
    assert weight.heavy("ingest", {"pydantic"}) == ["pydantic"]


def test_every_hot_function_is_a_function() -> None:
    assert set(weight.HOT) < set(weight.NAMES)
