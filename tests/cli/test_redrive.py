"""`redrive`: slice by slice until none is left, each letter once, and told in plain lines."""

from typing import Any

import pytest

from cli.errors import UserError
from cli.redrive import drive, known_queue, show

BEGAN = "2026-11-20T12:00:00+00:00"


class Function:
    """Answers like the deployed one, from a list of slices; remembers what it was asked."""

    def __init__(self, *slices: dict[str, Any]) -> None:
        self.slices = list(slices)
        self.asked: list[dict[str, Any]] = []

    def ask(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(dict(payload))
        return self.slices.pop(0)


def answer(
    received: int, *, more: bool = False, failed: list[str] | None = None, dry_run: bool = False
) -> dict[str, Any]:
    return {
        "queue": "PostDeadLetters",
        "received": received,
        "resent": [f"ing_{number}" for number in range(received - len(failed or []))],
        "settled": [],
        "failed": [{"letter": letter, "why": "UNREADABLE: no event"} for letter in failed or []],
        "by_time": [],
        "more": more,
        "dry_run": dry_run,
        "began": BEGAN,
    }


@pytest.mark.parametrize("given", ["PostDeadLetters", "postdeadletters", "post", "Post"])
def test_a_queue_may_be_named_in_short(given: str) -> None:
    assert known_queue(given) == "PostDeadLetters"


def test_an_unknown_queue_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(UserError, match="use one of LandingDeadLetters, "):
        known_queue("PostQueue")


def test_slices_are_asked_for_until_there_are_no_more() -> None:
    function = Function(answer(100, more=True), answer(20))
    counts: list[int] = []

    told = drive(function.ask, "PostDeadLetters", counts.append, dry_run=False)

    assert (told["received"], len(told["resent"]), counts) == (120, 120, [100, 20])
    assert function.asked[0] == {"queue": "PostDeadLetters", "dry_run": False}


def test_a_letter_that_stays_is_not_taken_up_again_by_the_next_slice() -> None:
    function = Function(answer(3, more=True, failed=["letter-1"]), answer(2, failed=["letter-9"]))

    told = drive(function.ask, "PostDeadLetters", dry_run=False)

    assert function.asked[1]["left"] == ["letter-1"]
    assert function.asked[1]["began"] == BEGAN
    assert [each["letter"] for each in told["failed"]] == ["letter-1", "letter-9"]


def test_a_function_that_takes_nothing_up_is_not_asked_for_ever() -> None:
    function = Function(answer(0, more=True))

    assert drive(function.ask, "PostDeadLetters", dry_run=False)["received"] == 0


def test_what_was_done_and_what_stays_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(3, failed=["letter-1"]) | {
        "settled": ["ing_settled"],
        "by_time": [{"letter": "letter-2", "since": "12:00", "until": "12:02"}],
    }

    show(told)

    said = capsys.readouterr().out
    assert "PostDeadLetters: 3 letters" in said
    assert "2 sent again:\n    ing_0\n    ing_1" in said
    assert "1 settled already:\n    ing_settled" in said
    assert "12:00 to 12:02" in said
    assert "1 left:\n    letter-1: UNREADABLE: no event" in said


def test_a_dry_run_is_told_as_such_and_an_empty_queue_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(answer(25, dry_run=True))
    show(answer(0))

    said = capsys.readouterr().out
    assert "25 would be sent again:" in said
    assert "... and 5 more: --json lists them" in said
    assert said.endswith("PostDeadLetters: no letters\n")
