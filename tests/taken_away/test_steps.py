"""Money rests on rounding, netting and conditions: without any step a named test fails."""

import subprocess
import sys

import pytest

from tests.simulation.mutants.completeness import ELSEWHERE
from tests.taken_away import STEPS
from tests.taken_away.conditions import CONDITIONS
from tests.taken_away.running import ROOT


@pytest.mark.timeout(600)
def test_each_step_that_is_taken_away_is_missed_by_its_test() -> None:
    command = [sys.executable, "-m", "tests.taken_away"]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert table.returncode == 0, table.stdout + table.stderr
    assert f"{len(STEPS)} steps, 0 that nobody misses" in table.stdout


def test_what_no_mutant_takes_away_is_a_step() -> None:
    assert set(ELSEWHERE.values()) <= {step.name for step in CONDITIONS}
