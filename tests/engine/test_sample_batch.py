"""The sample day as `run` sends it: what it says it will come to, and that twice is once."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cli import trial_balance
from cli.outcomes import Outcome
from cli.run import batch_files
from cli.submission import new_submission_id
from cli.submit import send
from domain.trial_balance import trial_balance_body
from samples.population import CARDS, STRAY_CARDS
from tests.engine.live import Stack

pytestmark = pytest.mark.engine

BATCH = Path(__file__).parents[2] / "samples" / "batch"
EXPECTED = json.loads((BATCH / "EXPECTED.json").read_text())
GROUPS = {
    "POSTED": "posted",
    "SUSPENDED": "suspended",
    "REJECTED": "rejected",
    "WAITING": "waiting",
    "ANSWERED": "answered",
}
SLOW = 120.0


def submitted(stack: Stack) -> dict[str, Outcome]:
    """The whole batch in, and every outcome."""
    stack.cards_fed |= {card.card_number for card in (*CARDS, *STRAY_CARDS)}
    done = send(stack.system, batch_files(BATCH), new_submission_id())
    assert done.not_taken == 0
    watch = done.watch(stack.system)
    stack.wait_for(watch, SLOW)
    return watch.outcomes


def counted(outcomes: dict[str, Outcome]) -> dict[str, dict[str, int]]:
    """{"posted": {"CLEAR": 3}, "parked": {"DUPLICATE": 1}, ...}"""
    told: dict[str, Counter[str]] = {}
    for outcome in outcomes.values():
        group = GROUPS.get(outcome.kind, "parked")
        told.setdefault(group, Counter())[outcome.why if group != "parked" else outcome.kind] += 1
    return {group: dict(counts) for group, counts in told.items()}


def balances(stack: Stack) -> dict[str, Any]:
    return trial_balance_body(trial_balance.read(stack.system))


@pytest.fixture(scope="module")
def first(stack: Stack) -> dict[str, Outcome]:
    return submitted(stack)


def test_the_batch_comes_to_what_it_says(stack: Stack, first: dict[str, Outcome]) -> None:
    assert len(first) == EXPECTED["count"]
    assert counted(first) == EXPECTED["outcomes"]
    openings = {each for each in stack.header_ids() if each.startswith("J#OPENING#A-")}
    assert len(openings) == EXPECTED["openings"]
    assert balances(stack)["zero"]
    stack.audit()


def test_the_batch_again_books_nothing_and_points_at_the_first_time(
    stack: Stack, first: dict[str, Outcome]
) -> None:
    headers, before = stack.header_ids(), balances(stack)

    second = submitted(stack)

    assert stack.header_ids() == headers
    assert balances(stack) == before
    assert second.keys().isdisjoint(first.keys())
    assert {outcome.kind for outcome in second.values()} == {"DUPLICATE", "CONFLICT", "INVALID"}
    strangers = [each for each in second.values() if each.original not in first]
    assert strangers == []
    stack.audit()
