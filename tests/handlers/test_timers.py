"""Timers, on schedule and by hand: nothing while posting is paused."""

from typing import Any

from adapters.doors import POSTING
from handlers import doors, timers
from tests.fakes.cloud import Cloud
from tests.handlers import given


def test_without_a_timer_there_is_nothing_to_do(cloud: Cloud, context: Any) -> None:
    told = timers.handler(given.invocation("TimersFunction"), context)

    assert told == {
        "expired": [],
        "woken": [],
        "unanswered": [],
        "dry_run": False,
        "paused": False,
    }


def test_timers_wait_while_posting_is_paused(cloud: Cloud, context: Any) -> None:
    order = {"action": "pause", "doors": [POSTING], "by": "ops", "note": "why", "dry_run": False}
    doors.handler(order, context)

    assert timers.handler({}, context)["paused"] is True
