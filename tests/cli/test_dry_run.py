"""`submit --dry-run`: each message with its legs and balances, and nothing received."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cli import app, dry_run, submit
from cli.dry_run import Foreseen, api_parts, file_parts, lines
from samples.make_batch import FILES, TARGET

POSTED = {
    "outcome": "POSTED",
    "reason": "CLEAR",
    "card": "KNOWN",
    "amount": {"amount": 4_500, "currency": "EUR"},
    "flags": ["WATCHED_CATEGORY"],
    "legs": [
        {
            "account": "cust:A-1",
            "side": "D",
            "amount": 4_500,
            "currency": "EUR",
            "code": "PRINCIPAL",
        }
    ],
    "balance": {
        "account": "cust:A-1",
        "currency": "EUR",
        "net": -4_500,
        "posted_before": 100_000,
        "posted_after": 95_500,
        "held_before": 0,
        "held_after": 0,
        "available_before": 110_000,
        "available_after": 105_500,
        "posting_no": 2,
    },
}


class Answers:
    """DryRunFunction in memory: the orders that it got; every message of them is posted."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []

    def __call__(self, _system: Any, function: str, order: dict[str, Any]) -> dict[str, Any]:
        assert function == "DryRun"
        self.orders.append(order)
        count = len(order["records"]) if "records" in order else _count(order["body"])
        results = [{"index": place} | POSTED for place in range(count)]
        so_far = {"calls": len(self.orders)}
        return {"dry_run": True, "results": results, "changed": [], "so_far": so_far}


def _count(body: str) -> int:
    """A line that is no JSON goes alone."""
    try:
        return len(json.loads(base64.b64decode(body))["messages"])
    except ValueError:
        return 1


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    made = Answers()
    monkeypatch.setattr(dry_run, "invoke", made)
    monkeypatch.setattr(submit, "connect", lambda _context: None)
    return made


def sample(suffix: str) -> Path:
    return next(TARGET / name for name, *_ in FILES if name.endswith(suffix))


def test_a_message_is_told_with_its_legs_and_the_balance_around_it() -> None:
    told = list(lines(Foreseen("day.jsonl", 3, POSTED)))

    assert told == [
        "day.jsonl:3  POSTED  CLEAR  45.00 EUR",
        "    flags WATCHED_CATEGORY",
        "    D cust:A-1  45.00 EUR  PRINCIPAL",
        "    cust:A-1 posting 2: 1,000.00 EUR -> 955.00 EUR,"
        " available 1,100.00 EUR -> 1,055.00 EUR",
    ]


def test_what_is_parked_says_why() -> None:
    fault = {"element": "DE4", "offset": "$.de.4", "message": "no digits", "remedy": "Send digits."}
    invalid = {"outcome": "INVALID", "reason": "FORMAT", "errors": [fault]}
    conflict = {
        "outcome": "CONFLICT",
        "reason": "OTHER_CONTENT",
        "card": "NEW",
        "original": "ing_first",
        "differing": [{"field": "DE4", "original": "1", "this": "2"}],
    }

    assert list(lines(Foreseen("a", 1, invalid)))[1] == "    DE4 at $.de.4: no digits. Send digits."
    assert list(lines(Foreseen("a", 2, conflict))) == [
        "a:2  CONFLICT  OTHER_CONTENT  (card not in the vault yet)",
        "    original ing_first",
        "    DE4: 1 before, 2 now",
    ]


def test_lines_go_as_the_api_gets_them_in_small_parts() -> None:
    parts = api_parts(sample(".jsonl"), None)

    assert max(len(part.places) for part in parts) == 25
    places = [place for part in parts for place in part.places]
    assert places == list(range(1, len(places) + 1))


@pytest.mark.parametrize("suffix", [".bin", ".hex"])
def test_a_batch_file_goes_as_its_records_with_what_its_manifest_states(suffix: str) -> None:
    refused, parts = file_parts(sample(suffix))

    assert {part.order["format"] for part in parts} == {suffix}
    assert {part.order["business_date"] for part in parts} == {"2026-11-20"}
    assert all(each.told["outcome"] == "INVALID" for each in refused)
    places = sorted([each.place for each in refused] + [n for part in parts for n in part.places])
    assert places == list(range(1, len(places) + 1))


def test_a_file_that_its_manifest_contradicts_is_refused_as_a_whole(tmp_path: Path) -> None:
    file = sample(".hex")
    manifest = json.loads(Path(f"{file}.manifest.json").read_text())
    (tmp_path / file.name).write_bytes(file.read_bytes())
    other = manifest | {"count": manifest["count"] + 1}
    (tmp_path / f"{file.name}.manifest.json").write_text(json.dumps(other))

    refused, parts = file_parts(tmp_path / file.name)

    assert parts == []
    assert [each.told["outcome"] for each in refused] == ["INVALID"]
    assert "count" in json.dumps(refused[0].told["errors"])


def test_what_the_messages_before_would_change_goes_with_the_next_part(answers: Answers) -> None:
    assert app.run(["submit", str(sample(".bin")), str(sample(".hex")), "--dry-run"]) == 0

    assert [order["so_far"] for order in answers.orders] == [
        None,
        *({"calls": number} for number in range(1, len(answers.orders))),
    ]


def test_what_goes_on_in_a_later_part_is_told_where_it_stands(
    answers: Answers, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first message of the first part waits, and the second part knows what for."""

    def invoke(system: Any, function: str, order: dict[str, Any]) -> dict[str, Any]:
        answer = answers(system, function, order)
        if order["so_far"] is None:
            waits = {"outcome": "WAITING", "msg_id": "msg_a", "waits_until": "2026-11-20"}
            answer["results"][0] = {"index": 0} | waits
            # A repeat of it is told by itself.
            answer["results"][1] = {"index": 1, "outcome": "DUPLICATE", "msg_id": "msg_a"}
            return answer
        return answer | {"changed": [POSTED | {"msg_id": "msg_a"}]}

    monkeypatch.setattr(dry_run, "invoke", invoke)
    assert app.run(["submit", str(sample(".jsonl")), "--dry-run", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    first, second = told["messages"][:2]
    assert (first["place"], first["outcome"], second["outcome"]) == (1, "POSTED", "DUPLICATE")
    assert "waits_until" not in first
    assert "WAITING" not in told["counts"]


def test_json_has_every_message_and_the_counts(
    answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["submit", str(sample(".bin")), "--dry-run", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["dry_run"] is True
    assert sum(told["counts"].values()) == len(told["messages"])
    assert {"file", "place", "outcome"} <= told["messages"][0].keys()


def test_there_is_nothing_to_wait_for(answers: Answers) -> None:
    assert app.run(["submit", str(sample(".bin")), "--dry-run", "--wait"]) == 1
    assert answers.orders == []
