"""The commands against the deployed system: what a person types, and what the exit status says."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli import app
from tests.engine.live import Stack
from tests.engine.messages import as_bin, as_jsonl, changed, manifest_of, purchase

pytestmark = pytest.mark.engine


def ask(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """The command's JSON."""
    capsys.readouterr()
    assert app.run([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def outcomes(told: Any) -> dict[tuple[str, str], int]:
    return {(line["kind"], line["why"]): line["messages"] for line in told["outcomes"]}


def test_a_submission_gets_receipts_outcomes_and_an_explanation(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    first = purchase(holder.card_number, 4500)
    path = tmp_path / "day.jsonl"
    path.write_bytes(as_jsonl([first, first, changed(first, de4="000000004600")]) + b"broken\n")

    told = ask(capsys, "submit", str(path), "--wait")

    assert [each["status"] for each in told["receipts"]] == ["RECEIVED"] * 3 + ["INVALID"]
    assert outcomes(told) == {
        ("POSTED", "CLEAR"): 1,
        ("DUPLICATE", "REPEATED"): 1,
        ("CONFLICT", "OTHER_CONTENT"): 1,
        ("INVALID", "JSON"): 1,
    }
    story = ask(capsys, "explain", told["receipts"][0]["msg_id"])
    assert story["outcome"] == "POSTED"
    assert [leg["account"] for leg in story["booking"]["legs"]] == [
        holder.account,
        "settle:VISA:EUR",
    ]
    (row,) = ask(capsys, "balance", holder.account_id)
    assert (row["posted_d"], len(row["statement"])) == (4500, 1)


def test_the_same_submission_again_receives_nothing_twice(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder()
    lines, file = tmp_path / "day.jsonl", tmp_path / "day.bin"
    lines.write_bytes(as_jsonl([purchase(holder.card_number, 100)]))
    messages = [purchase(holder.card_number, 200)]
    file.write_bytes(as_bin(messages))
    manifest = manifest_of(messages, file.read_bytes())
    file.with_name("day.bin.manifest.json").write_text(json.dumps(manifest))
    words = ("submit", str(lines), str(file), "--key", f"sub-{holder.account_id}", "--wait")

    first, again = ask(capsys, *words), ask(capsys, *words)

    assert outcomes(first) == outcomes(again) == {("POSTED", "CLEAR"): 2}
    assert first["receipts"] == again["receipts"]
    assert first["objects"][0]["version_id"] == again["objects"][0]["version_id"]


def test_a_suspense_booking_is_listed_and_returned_once(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = stack.holder(status="CLOSED")
    path = tmp_path / "day.jsonl"
    path.write_bytes(as_jsonl([purchase(holder.card_number, 777)]))
    (receipt,) = ask(capsys, "submit", str(path), "--wait")["receipts"]
    ingest_id = receipt["ingest_id"]

    waiting = ask(capsys, "parked", "--suspense", "--limit", "1000")
    assert ingest_id in {row["ingest_id"] for row in waiting}

    (refused,) = ask_parked(capsys, "release", ingest_id, status=1)
    assert refused["code"] == "ACCOUNT_CLOSED"
    (returned,) = ask_parked(capsys, "return", ingest_id)
    assert returned["result"] == "RETURN"
    waiting = ask(capsys, "parked", "--suspense", "--limit", "1000")
    assert ingest_id not in {row["ingest_id"] for row in waiting}


def ask_parked(
    capsys: pytest.CaptureFixture[str], action: str, ingest_id: str, status: int = 0
) -> Any:
    return ask(capsys, "parked", action, ingest_id, "--note", "a test", status=status)


def test_the_trial_balance_is_zero_and_the_repairs_find_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.post(purchase(stack.holder().card_number, 1234))

    assert ask(capsys, "trial-balance")["zero"] is True
    assert ask(capsys, "sweep", "--min-age-minutes", "0", "--dry-run")["unsent"] == []
    assert ask(capsys, "rebuild-balances", "--dry-run")["dry_run"] is True
    assert ask(capsys, "republish", "--dry-run")["unknown"] == []


def test_a_repair_of_a_header_that_does_not_exist_says_so(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ask(capsys, "republish", "J#msg_none", status=1)

    assert told["unknown"] == ["J#msg_none"]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    "words", [["explain", "ing_nobody"], ["balance", "A-nobody"], ["republish", "--since", "soon"]]
)
def test_what_nobody_knows_is_said_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(words) == 1

    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("posting: ")
