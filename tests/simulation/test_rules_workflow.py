"""The rules' workflow in the interpreter makes the sample decisions, and parks what it cannot."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE, Story
from tests.simulation.rules_bench import Bench, enriched

EVENTS = Path(__file__).parents[2] / "events"
CANCELLED = ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")
LOST = ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")


@pytest.mark.parametrize(
    ("story", "name"),
    [
        (FOREIGN_PURCHASE, "TransactionPostingApproved"),
        (BLOCKED_PURCHASE, "TransactionPostingSuspended"),
        (DECLINED_PURCHASE, "TransactionRejected"),
    ],
    ids=["approved", "suspended", "rejected"],
)
@pytest.mark.parametrize("seed", range(5))
def test_it_makes_the_sample_in_whatever_order_the_checks_run(
    story: Story, name: str, seed: int
) -> None:
    bench = Bench()

    assert bench.judge(enriched(story), seed).status == "SUCCEEDED"

    (said,) = bench.said
    assert said["DetailType"] == name
    assert said["Detail"] == json.loads((EVENTS / f"{name}.json").read_text())["detail"]


def test_a_rejection_is_in_its_row_before_it_is_told() -> None:
    bench = Bench(refused_entries=99)

    assert bench.judge(enriched(DECLINED_PURCHASE)).status == "FAILED"

    row = bench.parked()
    assert row is not None
    assert (row["reason"]["S"], row["code"]["S"]) == ("REJECTED", "DECLINED")
    assert bench.letters == [enriched(DECLINED_PURCHASE)]


def test_a_bus_that_refuses_three_times_is_told_at_last() -> None:
    bench = Bench(refused_entries=3)

    assert bench.judge(enriched(FOREIGN_PURCHASE)).status == "SUCCEEDED"

    assert len(bench.said) == 1
    assert len([each for each in bench.time.slept if each != 0.01]) == 3


def test_a_missing_rule_parks_the_record_as_failed() -> None:
    bench = Bench()

    ended = bench.judge(enriched(FOREIGN_PURCHASE, rule_version="v2"))

    assert (ended.status, ended.error) == ("FAILED", "RulesFailed")
    row = bench.parked()
    assert row is not None
    assert (row["reason"]["S"], row["code"]["S"]) == ("FAILED", "States.QueryEvaluationError")
    assert row["message"]["S"].endswith("is missing")
    assert bench.said == []


def test_a_cancelled_rejection_reads_again_and_succeeds() -> None:
    bench = Bench(refuse={"TransactWriteItems": [CANCELLED, CANCELLED]})

    assert bench.judge(enriched(DECLINED_PURCHASE)).status == "SUCCEEDED"

    assert [each["DetailType"] for each in bench.said] == ["TransactionRejected"]


def test_what_cannot_even_be_parked_becomes_a_letter() -> None:
    bench = Bench(refuse={"TransactWriteItems": [LOST] * 5})
    event = enriched(FOREIGN_PURCHASE, rule_version="v2")

    assert bench.judge(event).status == "FAILED"

    assert bench.parked() is None
    assert bench.letters == [event]
