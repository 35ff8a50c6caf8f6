"""What a transaction asks of DynamoDB, which the page on cost says, is counted here anew."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import units

ROOT = Path(__file__).parents[2]
COST = ROOT / "docs" / "cost.md"


@pytest.fixture(scope="module")
def purchase() -> dict[tuple[str, str], float]:
    """Units of one purchase in one part, of ten like ones; in a process of its own, as handlers
    make their clients once.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.units", "--each", "10"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"^(\w+Table) (\w+) +([0-9.]+)", done.stdout, re.MULTILINE)
    return {(table, kind): float(first) for table, kind, first in lines}


@pytest.mark.parametrize(
    ("table", "kind", "expected"),
    [
        ("JournalTable", "write", 6),  # header, statement line, purchase pointer
        ("JournalTable", "index", 1),
        ("PaymentsTable", "write", 6),  # the payment and its two pointers
        ("ParkedTable", "write", 2),  # a check, charged like a write
        ("InboxTable", "write", 2),
        ("ClaimsTable", "write", 2),  # the claim, and the pair of request and response
    ],
)
def test_a_purchase_writes_what_the_page_on_cost_says(
    purchase: dict[tuple[str, str], float], table: str, kind: str, expected: int
) -> None:
    assert purchase[table, kind] == expected
    (row,) = re.findall(rf"^\| {table.removesuffix('Table')} \|.*$", COST.read_text(), re.MULTILINE)
    assert row.split("|")[2 if kind == "write" else 3].strip() == str(expected)


def test_units_are_those_of_dynamodb_s_own_rules() -> None:
    assert units.size_of({"pk": {"S": "é"}}) == 4
    assert units.size_of({"n": {"N": "12345"}}) == 1 + 4
    assert units.size_of({"legs": {"L": [{"M": {"n": {"N": "1"}}}]}}) == 4 + 3 + 1 + 3 + 1 + 1 + 2
