"""Running a step's test on a copy of the source that does without the step."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.taken_away.step import Step

ROOT = Path(__file__).parents[2]
# What pytest says of a run in which something failed; anything else is no answer.
_FAILED = 1


class NotTaken(Exception):
    """The step does not stand in the source as it is named, or its test could not be run."""


def is_missed(step: Step) -> bool:
    """Whether the step's test fails where the step is gone. Raises NotTaken."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / step.file
        text = path.read_text()
        if text.count(step.text) != 1:
            raise NotTaken(f"{step.file} has {step.text!r} {text.count(step.text)} times, not once")
        path.write_text(text.replace(step.text, step.without))
        done = _pytest([step.test], copy)
    if done.returncode not in (0, _FAILED) or " error" in done.stdout.splitlines()[-1]:
        raise NotTaken(f"{step.test} cannot be run: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode == _FAILED


def sound(tests: Iterable[str]) -> None:
    """Raises NotTaken unless all of these hold with every step in its place."""
    done = _pytest(dict.fromkeys(tests), ROOT / "src")
    if done.returncode:
        raise NotTaken(done.stdout[-2000:])


def _pytest(tests: Iterable[str], source: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-o", f"pythonpath={source} ."]
    # The plugins of other tests take longer to load than these tests run.
    return subprocess.run(
        [*command, "-p", "pytest_timeout", *tests],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
