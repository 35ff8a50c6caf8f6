"""Handlers over services in memory. They make their clients when they are imported, so they are
imported here, once, with the settings and the clients of the cloud in memory.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters import aws, clock, mapping, transactions
from tests.fakes.cloud import SETTINGS, Cloud
from tests.fakes.runtime import Context, Log

SRC = Path(__file__).parents[2] / "src"
HANDLERS = sorted(path.stem for path in (SRC / "handlers").glob("[a-z]*.py"))
CLOUD = Cloud()


def load_handlers() -> list[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "client", CLOUD.client)
        patch.setattr(clock, "now", CLOUD.now)
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        modules = []
        for name in HANDLERS:
            patch.setenv("POWERTOOLS_SERVICE_NAME", name)
            modules.append(importlib.import_module(f"handlers.{name}"))
        return modules


MODULES = load_handlers()


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Empty, at noon, and without the pauses between attempts."""
    CLOUD.reset()
    monkeypatch.setattr(clock, "now", CLOUD.now)
    monkeypatch.setattr(transactions, "_FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(mapping, "_POLL_SECONDS", 0.0)
    return CLOUD


@pytest.fixture
def context() -> Any:
    return Context()


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """All handlers' lines of a test in one place."""
    written = Log()
    before = [module.logger.registered_handler.stream for module in MODULES]
    for module in MODULES:
        module.logger.registered_handler.setStream(written.stream)
    yield written
    for module, stream in zip(MODULES, before, strict=True):
        module.logger.registered_handler.setStream(stream)
