"""A story's events are looked for in the audit trail when they were delivered, not in between."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from cli import explain_view
from cli.dossier import heard_of
from tests.fakes.services import MemoryBuckets

PURCHASED, OPENED = "2025-11-20T12:00:02.500+00:00", "2026-01-04T09:30:00.000+00:00"
PURCHASE = {"event_id": "e-1", "purpose": "CLEAR", "header_id": "J#msg_1", "booked_at": PURCHASED}
DISPUTE = {
    "event_id": "e-2",
    "purpose": "DISPUTE_OPENED",
    "header_id": "J#msg_1#DISPUTE#OPEN#4500",
    "booked_at": OPENED,
}


class Told:
    """A system whose audit trail has these events, by the hours of their objects."""

    def __init__(self, **events: str) -> None:
        self._buckets = MemoryBuckets()
        self.opened: list[str] = []
        for event_id, instant in events.items():
            moment = datetime.fromisoformat(instant)
            detail = {"meta": {"event_id": event_id.replace("_", "-")}, "data": {}}
            line = {"detail-type": "TransactionPosted", "time": instant, "detail": detail}
            key = f"{moment:%Y/%m/%d/%H}/{event_id}"
            self._buckets.put("audit", key, json.dumps(line).encode())

    def client(self, _service: str) -> "Told":
        return self

    def output(self, _name: str) -> str:
        return "audit"

    def list_objects_v2(self, **asked: Any) -> Any:
        self.opened.append(asked["Prefix"])
        return self._buckets.list_objects_v2(**asked)

    def get_object(self, **asked: Any) -> Any:
        return self._buckets.get_object(**asked)


def story(*events: dict[str, Any]) -> dict[str, Any]:
    more = {"detail_type": "TransactionPosted", "expected": True}
    return {
        "ingest_id": "ing_a",
        "outcome": "POSTED",
        "record": {},
        "amount": None,
        "timings": {"received_at": "2025-11-20T12:00:00.000+00:00", "booked_at": PURCHASED},
        "balance_now": None,
        "events": [event | more for event in events],
    }


def heard(system: Any, told: dict[str, Any]) -> dict[str, int]:
    return {event["header_id"]: event["heard"] for event in heard_of(system, told)}


def test_the_event_of_a_dispute_is_heard_weeks_after_the_purchase() -> None:
    system = Told(e_1="2025-11-20T12:00:04Z", e_2="2026-01-04T09:30:02Z")

    assert heard(system, story(PURCHASE, DISPUTE)) == {
        PURCHASE["header_id"]: 1,
        DISPUTE["header_id"]: 1,
    }


def test_the_weeks_between_are_not_read() -> None:
    system = Told()

    heard(system, story(PURCHASE, DISPUTE))

    assert system.opened == [
        "2025/11/20/12/",
        "2025/11/20/13/",
        "2026/01/04/09/",
        "2026/01/04/10/",
    ]


def test_what_two_bookings_of_one_hour_look_at_is_counted_once() -> None:
    system = Told(e_1="2025-11-20T12:00:04Z", e_2="2025-11-20T12:40:02Z")

    said = heard(system, story(PURCHASE, DISPUTE | {"booked_at": "2025-11-20T12:40:00.000+00:00"}))

    assert set(said.values()) == {1}


def test_the_screen_tells_bookings_apart(capsys: pytest.CaptureFixture[str]) -> None:
    system: Any = Told(e_1="2025-11-20T12:00:04Z")
    told = story(PURCHASE, DISPUTE)

    explain_view.show(told | {"events": heard_of(system, told)})

    lines = _lines(capsys.readouterr().out)
    assert "TransactionPosted e-1 12:00:04Z CLEAR" in lines
    assert "not heard yet: TransactionPosted of J#msg_1#DISPUTE#OPEN#4500" in lines


def _lines(shown: str) -> Iterable[str]:
    return [" ".join(line.split()) for line in shown.splitlines()]
