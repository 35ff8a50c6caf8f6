"""What the mends of the engine save: CPU of single operations with and without each of them.

    python -m bench.engine_mends [--rounds 5]

Each operation runs in the engine's code within one process, without sockets and functions. Compare
the columns; the milliseconds are this machine's. Rounds are interleaved, and the median counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from local import engine

ROOT = Path(__file__).resolve().parents[1]
# The mends that these operations meet, in the order in which they are put on.
STEPS = ("expressions", "workflows", "roads", "permissions", "conditions")


def measure(mends: tuple[str, ...]) -> dict[str, float]:
    """CPU milliseconds of each operation with these mends in place."""
    done = subprocess.run(  # noqa: S603
        [str(engine.executables() / "python"), str(ROOT / "bench" / "in_engine.py"), *mends],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT / "local"),
            "AUTH": "true",
            "PERSIST_STATE": "0",
            "LOG_LEVEL": "WARNING",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def main() -> None:
    """Print a table: operations across, mends put on one after the other down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    settings = [STEPS[:count] for count in range(len(STEPS) + 1)]
    seen: dict[tuple[str, ...], list[dict[str, float]]] = {one: [] for one in settings}
    for _ in range(rounds):
        for one in settings:
            seen[one].append(measure(one))
    operations = list(seen[()][0])
    sys.stdout.write(f"{'CPU ms':<16}" + "".join(f"{name:>24}" for name in operations) + "\n")
    for one in settings:
        told = f"+ {one[-1]}" if one else "no mend"
        medians = [statistics.median(run[name] for run in seen[one]) for name in operations]
        sys.stdout.write(f"{told:<16}" + "".join(f"{value:>24.2f}" for value in medians) + "\n")


if __name__ == "__main__":
    main()
