"""One system for the whole session: the real template on an engine of its own, with the sample
reference data. It is taken down by process id at the end, also after a failure or Ctrl-C.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import local
from cli import reference
from cli.system import of_endpoint
from local import engine, folders, running
from tests.engine.live import Stack

REFERENCE = Path(__file__).parents[2] / "samples" / "reference"
# They wait for minutes, mostly: where files are spread over processes, the others run meanwhile.
SLOWEST = ("test_crashes", "test_wire_faults", "test_recovery", "test_reconciliation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest go first."""
    items.sort(key=lambda item: item.path.stem not in SLOWEST)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        home = _home()
        patch.setattr(folders, "HOME", home)
        patch.delenv(engine.PORT_VARIABLE, raising=False)
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        try:
            system = of_endpoint(local.up())
            reference.load_files(system, reference.sample_files(REFERENCE))
            made = Stack(system, home)
            # Nothing was received before: no sweep has to look through the whole day.
            made.sweep_from(datetime.now(UTC))
            yield made
        finally:
            take_down()
            # After a failure the logs and the state stay, to be looked at.
            for name in ("build", "tmp") if request.session.testsfailed else (".",):
                shutil.rmtree(home / name)


def _home() -> Path:
    """A new folder; what the functions' build needs is kept from session to session."""
    above = folders.ROOT / ".local" / "tests"
    above.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="engine-", dir=above))


def take_down() -> None:
    """At once: nothing of this system is wanted any more."""
    companion = running.recorded(folders.inside(folders.COMPANION_RECORD))
    started = engine.process()
    for process in (companion[0] if companion else None, started):
        if process is not None:
            process.stop(0.0)
    if started is not None:
        started.end_group()


@pytest.fixture(scope="session")
def audited(stack: Stack) -> Iterator[None]:
    """After the last test every invariant holds on everything that was sent."""
    yield
    stack.audit()
