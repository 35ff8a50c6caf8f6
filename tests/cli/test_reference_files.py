"""Reference files are refused before anything is loaded, with file, row, field and remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from cli.reference_files import ORDER, read_all

SAMPLES = Path("samples/reference")
CARD = "4761739001010119"


def written(folder: Path, kind: str, **changes: Any) -> Path:
    """The first row of the sample file of this kind, with changes; None takes a field out."""
    content = json.loads((SAMPLES / f"{kind}.json").read_text())
    row = content["rows"][0] | changes
    content["rows"] = [{name: value for name, value in row.items() if value is not None}]
    path = folder / f"{kind}.json"
    path.write_text(json.dumps(content))
    return path


def refusal(*paths: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_all(list(paths))
    return str(caught.value)


def test_the_samples_are_in_order() -> None:
    files = read_all(sorted(SAMPLES.glob("*.json")))

    assert [file.kind for file in files] == list(ORDER)


def test_a_fault_names_file_row_field_and_remedy(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, "accounts", status="SHUT"))

    assert "accounts.json, row 1, field status" in said
    assert "use one of OPEN" in said


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, "accounts", currency=None))

    assert "accounts.json, row 1: currency is missing: add it" in said


def test_an_unknown_field_is_named_with_the_known_ones(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, "accounts", curency="EUR"))

    assert "curency is not known" in said
    assert "currency" in said


def test_a_wrong_card_number_is_never_repeated(tmp_path: Path) -> None:
    wrong = CARD[:-1] + "0"

    said = refusal(written(tmp_path, "cards", card_number=wrong))

    assert "row 1, field card_number" in said
    assert wrong not in said


def test_a_card_number_of_the_wrong_form_is_never_repeated(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, "cards", card_number=f"{CARD} "))

    assert CARD not in said


def test_a_fault_in_a_rule_is_that_of_the_rule_that_is_meant(tmp_path: Path) -> None:
    content = json.loads((SAMPLES / "rules.json").read_text())
    place = next(n for n, row in enumerate(content["rows"]) if row["id"] == "AMOUNT_LIMIT")
    content["rows"][place]["params"] = {"limits": {"EUR": "much"}}
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(content))

    assert f"row {place + 1}, field params.limits.EUR" in refusal(path)


def test_every_fault_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    said = refusal(
        written(tmp_path, "accounts", status="SHUT"), written(tmp_path, "products", fx_fee=-1)
    )

    assert "accounts.json" in said
    assert "products.json" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [("[]", '"kind" is missing'), ('{"kind": "dogs"}', "name one of"), ("{", "not JSON")],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "some.json"
    path.write_text(content)

    assert told in refusal(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.json")
