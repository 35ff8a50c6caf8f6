"""The real handlers over simulated services: thousands of runs in which anything may go wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.report import commit, regressions

ROOT = Path(__file__).parents[2]
SEEDS = 2000


def simulation(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """A process of its own, because the handlers take their clients for life."""
    path = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(1200)
def test_nothing_is_lost_or_booked_twice_whatever_goes_wrong_and_every_grant_is_used() -> None:
    run = simulation("tests.simulation", "--seeds", str(SEEDS), "--grants")
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{SEEDS} schedules" in run.stdout
    assert "nobody uses" not in run.stdout


def test_a_source_without_git_is_of_an_unknown_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert commit() == "unknown"


@pytest.mark.timeout(600)
def test_what_broke_once_holds() -> None:
    run = simulation("tests.simulation", "--regressions")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("holds") == len(regressions()) > 0


def test_one_seed_is_one_course_of_events_whatever_python_hashes_by() -> None:
    once, again = (
        simulation("tests.simulation", "--digests", "--seeds", "20", hash_seed=each).stdout
        for each in ("1", "2")
    )
    assert once == again
    assert len({line.split()[1] for line in once.splitlines()}) == 20


@pytest.mark.timeout(1200)
def test_every_guard_that_is_taken_away_is_missed() -> None:
    run = simulation("tests.simulation.mutants")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "mutants, 0 alive" in run.stdout
