"""Running a step's test on a copy of the source that does without the step.

Each run is a copy of this process, in which pytest and the libraries that the tests need are loaded
already: starting anew would take longer than the tests.
"""

import io
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import aws_lambda_powertools.utilities.idempotency  # noqa: F401
import botocore.session  # noqa: F401
import pytest
import pytest_timeout
from hypothesis import Phase, settings

from tests.taken_away.step import Step

ROOT = Path(__file__).parents[2]
# What pytest says of a run in which something failed; anything else is no answer.
_FAILED = 1


class NotTaken(Exception):
    """The step does not stand in the source as it is named, or its test could not be run."""


class _Run(NamedTuple):
    code: int
    told: str


def missed(steps: Sequence[Step], jobs: int = 2) -> Iterator[bool]:
    """Whether each step's test fails where the step is gone. Raises NotTaken."""
    with _pool(jobs) as pool:
        yield from pool.imap(_is_missed, steps)


def sound(tests: Iterable[str]) -> None:
    """Raises NotTaken unless all of these hold with every step in its place."""
    with _pool(1) as pool:
        done = pool.apply(_pytest, (list(dict.fromkeys(tests)), ROOT / "src"))
    if done.code:
        raise NotTaken(done.told[-2000:])


def _pool(jobs: int) -> "multiprocessing.pool.Pool":
    return multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1)


def _is_missed(step: Step) -> bool:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "src"
        # With what is compiled: of the changed file that is older, and not taken.
        shutil.copytree(ROOT / "src", copy)
        path = copy / step.file
        text = path.read_text()
        if text.count(step.text) != 1:
            raise NotTaken(f"{step.file} has {step.text!r} {text.count(step.text)} times, not once")
        path.write_text(text.replace(step.text, step.without))
        done = _pytest([step.test], copy)
    if done.code not in (0, _FAILED) or " error" in done.told.splitlines()[-1]:
        raise NotTaken(f"{step.test} cannot be run: {done.told[-500:]}")
    return done.code == _FAILED


def _pytest(tests: Sequence[str], source: Path) -> _Run:
    """In a process that ends afterwards: what is imported then is of this source."""
    loaded = {"domain", "adapters", "handlers"} & sys.modules.keys()
    assert not loaded, f"{loaded} would be taken from elsewhere"
    os.chdir(ROOT)
    # The plugins of other tests are not needed.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != ROOT / "src"]
    # Whether an example is found is all that counts, and always the same ones are tried.
    settings.register_profile(
        "missed", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None
    )
    settings.load_profile("missed")
    told = io.StringIO()
    options = ["-q", "--tb=no", "-o", f"pythonpath={source} ."]
    with redirect_stdout(told), redirect_stderr(told):
        code = pytest.main([*options, *tests], plugins=[pytest_timeout])
    return _Run(int(code), told.getvalue())
