"""What a failing seed prints: how to see it again, the least that it takes, and its regression."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.simulation.deployment import Base
from tests.simulation.mutants.table import known_seeds, named
from tests.simulation.run import Outcome, simulate
from tests.simulation.shrink import shrunk

ROOT = Path(__file__).parents[2]
REGRESSIONS = Path(__file__).parent / "regressions.json"
_COMMAND = "PYTHONPATH=src:. .venv/bin/python -m tests.simulation"


def report(base: Base, failed: Outcome) -> str:
    """Shrinks the run first; it is still the same failure while the same invariant breaks."""
    numbers = {number for number, _ in failed.broken}

    def fails(only: Any, most: int | None) -> bool:
        broken = simulate(base, failed.seed, only, most, thorough=True).broken
        return bool(numbers & {number for number, _ in broken})

    only, most = shrunk([each.number for each in failed.faults], failed.messages, fails)
    least = simulate(base, failed.seed, only, most, thorough=True)
    case = {
        "seed": failed.seed,
        "faults": only,
        "messages": most,
        "broke": "; ".join(f"{number}: {what}" for number, what in least.broken[:2]),
    }
    lines = [
        f"seed {failed.seed} at commit {commit()} breaks:",
        *(f"  invariant {number}: {what}" for number, what in least.broken[:8]),
        f"with {least.messages} messages and {len(only)} of {failed.drawn} faults:",
        *(f"  {fault}" for fault in least.faults),
        f"see it: {_COMMAND} --seed {failed.seed} --trace",
        f"keep it in {REGRESSIONS.name}, or a mutant that has the bug again: {json.dumps(case)}",
    ]
    return "\n".join(lines)


def commit() -> str:
    """Of the source; unknown where it came without its history, or git is not there."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    asked = [git, "rev-parse", "--short", "HEAD"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def regressions() -> list[dict[str, Any]]:
    """Runs that failed once: a seed with the faults that it took, or the mutant that has the same
    bug again, whose seed moves with it.
    """
    listed: list[dict[str, Any]] = json.loads(REGRESSIONS.read_text())
    return listed


def replayed(base: Base, case: dict[str, Any]) -> Outcome:
    if "mutant" in case:
        focus = named(case["mutant"]).focus
        return simulate(base, known_seeds()[case["mutant"]], thorough=True, focus=focus)
    return simulate(base, case["seed"], case["faults"], case["messages"], thorough=True)
