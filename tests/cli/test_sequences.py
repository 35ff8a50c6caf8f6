"""`sequences`: what waits for legs or is parked, and what an operator decides."""

import io
import json

import pytest
from rich.console import Console

from adapters.assemblies import Assembly
from cli import screen, sequences


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=100, emoji=False, highlight=False))
    return page


def assembly(**changes: object) -> Assembly:
    values = {
        "sequence_id": "TRF-1",
        "leg_count": 3,
        "checksum": "f" * 64,
        "value_date": "2026-11-20",
        "got": 2,
        "state": "OPEN",
        "first_at": "2026-11-20T12:00:00.000+00:00",
        "last_at": "2026-11-20T12:00:01.000+00:00",
    }
    return Assembly(**(values | changes))  # type: ignore[arg-type]


def test_an_incomplete_sequence_says_how_many_legs_it_has(shown: io.StringIO) -> None:
    sequences.show([assembly()], as_json=False)

    assert "TRF-1  OPEN  2 of 3 legs, first at 2026-11-20T12:00:00" in shown.getvalue()


def test_a_parked_sequence_says_why(shown: io.StringIO) -> None:
    parked = assembly(state="PARKED", reason="UNBALANCED", message="debits less credits are 1 EUR")

    sequences.show([parked], as_json=False)

    assert "UNBALANCED: debits less credits are 1 EUR" in shown.getvalue()


def test_nothing_to_decide_is_said(shown: io.StringIO) -> None:
    sequences.show([], as_json=False)

    assert "No posting sequence waits" in shown.getvalue()


def test_a_program_gets_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    sequences.show([assembly()], as_json=True)

    (row,) = json.loads(capsys.readouterr().out)
    assert (row["sequence_id"], row["got"], row["leg_count"]) == ("TRF-1", 2, 3)


@pytest.mark.parametrize(
    ("state", "got", "waits"), [("OPEN", 2, True), ("OPEN", 3, False), ("PARKED", 2, False)]
)
def test_only_an_open_sequence_without_all_its_legs_is_incomplete(
    state: str, got: int, waits: bool
) -> None:
    assert sequences._waits(assembly(state=state, got=got)) is waits
