"""Money rests on rounding and netting: without any step of it a named test fails."""

import subprocess
import sys

import pytest

from tests.arithmetic.steps import STEPS
from tests.arithmetic.taken_away import ROOT


@pytest.mark.timeout(600)
def test_each_step_that_is_taken_away_is_missed_by_its_test() -> None:
    command = [sys.executable, "-m", "tests.arithmetic"]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert table.returncode == 0, table.stdout + table.stderr
    assert f"{len(STEPS)} steps, 0 that nobody misses" in table.stdout
