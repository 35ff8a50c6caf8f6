"""Rebuild balances: what the stream lost is folded by the fold's own transaction; a wrong sum is
set right while no fold runs.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import Unavailable
from handlers import fold, rebuild_balances
from samples.make_events import bookings
from tests.fakes.cloud import Cloud
from tests.handlers import given

HEADERS = sorted(each.posted.header_id for each in bookings())
SUSPENSE_ROW = "B#susp:ACCOUNT_ON_HOLD:EUR#EUR"


def internal(cloud: Cloud) -> dict[str, tuple[int, int]]:
    return {
        row["pk"]: (row["posted_d"], row["posted_c"])
        for row in cloud.rows("balances")
        if row.get("account_kind") == "internal"
    }


@pytest.fixture(autouse=True)
def booked(cloud: Cloud) -> None:
    given.reference(cloud)
    given.booked(cloud)
    cloud.time += timedelta(hours=1)


@pytest.fixture
def folded(cloud: Cloud, context: Any) -> dict[str, tuple[int, int]]:
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    return internal(cloud)


def test_headers_that_the_stream_lost_are_folded(cloud: Cloud, context: Any) -> None:
    lost, kept = cloud.inserts("journal", sk="H")
    fold.handler({"Records": [kept]}, context)

    answer = rebuild_balances.handler({}, context)
    rebuilt = internal(cloud)
    fold.handler({"Records": [lost, kept]}, context)

    assert answer["folded"] == [lost["dynamodb"]["Keys"]["pk"]["S"]]
    assert internal(cloud) == rebuilt


def test_a_dry_run_folds_nothing(cloud: Cloud, context: Any) -> None:
    answer = rebuild_balances.handler({"dry_run": True}, context)

    assert answer["folded"] == HEADERS
    assert internal(cloud) == {}


def test_a_header_that_the_fold_may_still_reach_is_left_to_it(cloud: Cloud, context: Any) -> None:
    cloud.time = datetime.fromisoformat(bookings()[0].posted.booked_at)

    assert rebuild_balances.handler({}, context)["checked"] == 0


def test_summing_anew_sets_a_wrong_balance_right_and_names_it(
    cloud: Cloud, context: Any, folded: dict[str, tuple[int, int]]
) -> None:
    row = cloud.row("balances", pk=SUSPENSE_ROW)
    cloud.put("balances", **row | {"posted_d": 99})

    answer = rebuild_balances.handler({"resum": True}, context)

    assert answer["corrected"] == {"susp:ACCOUNT_ON_HOLD:EUR EUR": {"was": -99, "is": -4500}}
    assert internal(cloud) == folded


def test_summing_anew_stops_the_fold_meanwhile(
    cloud: Cloud, context: Any, folded: dict[str, tuple[int, int]]
) -> None:
    rebuild_balances.handler({"resum": True}, context)

    assert cloud.mappings.seen == [False, True]
    assert internal(cloud) == folded


def test_the_fold_goes_on_when_summing_fails(
    cloud: Cloud, context: Any, folded: dict[str, tuple[int, int]]
) -> None:
    row = cloud.row("balances", pk=SUSPENSE_ROW)
    cloud.put("balances", **row | {"posted_d": 99})

    def fold_between(operation: str) -> None:
        cloud.dynamodb.before = lambda _operation: None
        cloud.put("balances", pk="FOLD", fold_no=77)

    cloud.dynamodb.before = fold_between
    with pytest.raises(Unavailable):
        rebuild_balances.handler({"resum": True}, context)

    assert cloud.mappings.off == set()
    assert cloud.row("balances", pk=SUSPENSE_ROW)["posted_d"] == 99


def test_a_header_without_a_marker_is_not_summed(cloud: Cloud, context: Any) -> None:
    fold.handler({"Records": cloud.inserts("journal", sk="H")[:1]}, context)
    before = internal(cloud)

    answer = rebuild_balances.handler({"resum": True}, context)

    assert (answer["summed"], answer["corrected"]) == (1, {})
    assert internal(cloud) == before


def test_a_dry_run_of_the_sum_corrects_nothing(
    cloud: Cloud, context: Any, folded: dict[str, tuple[int, int]]
) -> None:
    row = cloud.row("balances", pk=SUSPENSE_ROW)
    cloud.put("balances", **row | {"posted_d": 99})

    answer = rebuild_balances.handler({"resum": True, "dry_run": True}, context)

    assert len(answer["corrected"]) == 1
    assert cloud.row("balances", pk=SUSPENSE_ROW)["posted_d"] == 99
