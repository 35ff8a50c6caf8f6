"""Fold: each header moves the internal accounts once, however the stream is cut and repeated."""

from typing import Any

import pytest

from handlers import fold
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Crash, Log, crash_in
from tests.handlers import given


def nets(cloud: Cloud) -> dict[str, int]:
    return {
        row["pk"]: row["posted_c"] - row["posted_d"]
        for row in cloud.rows("balances")
        if row["pk"].startswith("B#")
    }


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return list(given.invocation("FoldFunction")["Records"])


@pytest.fixture
def expected(cloud: Cloud, context: Any, records: list[dict[str, Any]]) -> dict[str, int]:
    """The balances after one delivery of everything."""
    fold.handler({"Records": records}, context)
    found = nets(cloud)
    cloud.dynamodb.tables["balances"].items.clear()
    return found


def test_a_redelivery_moves_nothing(
    cloud: Cloud, context: Any, records: list[dict[str, Any]], expected: dict[str, int], log: Log
) -> None:
    fold.handler({"Records": records}, context)
    fold.handler({"Records": records}, context)

    assert nets(cloud) == expected
    assert [line["folded"] for line in log.named("folded")][-2:] == [2, 0]


def test_a_header_that_stands_twice_in_a_batch_counts_once(
    cloud: Cloud, context: Any, records: list[dict[str, Any]], expected: dict[str, int]
) -> None:
    fold.handler({"Records": [*records, *records]}, context)

    assert nets(cloud) == expected


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_around_the_write_loses_and_doubles_nothing(
    cloud: Cloud,
    context: Any,
    records: list[dict[str, Any]],
    expected: dict[str, int],
    moment: str,
) -> None:
    setattr(cloud.dynamodb, moment, crash_in("TransactWriteItems"))
    with pytest.raises(Crash):
        fold.handler({"Records": records[:1]}, context)
    setattr(cloud.dynamodb, moment, lambda _operation: None)

    fold.handler({"Records": records}, context)

    assert nets(cloud) == expected


def test_the_customer_s_row_is_the_posting_s_own(
    expected: dict[str, int],
) -> None:
    assert not any(key.startswith("B#cust:") for key in expected)
