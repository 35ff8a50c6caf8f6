"""The one place where the handlers leave their process: botocore's `_make_api_call`.

Clients are real ones; what they are asked for goes to the world that runs at the moment.
"""

import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol, Self

from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch
from aws_lambda_powertools.utilities.idempotency import base as idempotency
from aws_lambda_powertools.utilities.idempotency.persistence import base as persistence
from aws_lambda_powertools.utilities.idempotency.persistence import datarecord, dynamodb
from botocore.client import BaseClient

from adapters import clock as wall_clock
from tests.simulation.clock import Clock, datetime_module

# Clients want a region and credentials, although no request is ever signed.
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


class Cloud(Protocol):
    """What a run offers to the code that it runs."""

    rng: random.Random

    def call(self, service: str, operation: str, kwargs: dict[str, Any]) -> Any: ...
    def nothing_there(self, kwargs: Mapping[str, Any]) -> bool: ...
    def sleep(self, seconds: float) -> None: ...


class InTurn:
    """In the place of a pool of threads, which no virtual clock can govern: one after the other."""

    def __init__(self, max_workers: int) -> None:
        assert max_workers > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def map[A, R](self, function: Callable[[A], R], arguments: Iterable[A]) -> Iterator[R]:
        return map(function, arguments)


class Seam:
    """One for a process; `cloud` is the run that is on."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.cloud: Cloud | None = None

    def install(self) -> None:
        os.environ.update(_ENVIRONMENT)

        def make_api_call(client: Any, operation: str, kwargs: dict[str, Any]) -> Any:
            cloud = self.running
            # Repairs walk thousands of empty minutes of an index.
            if operation == "Query" and "IndexName" in kwargs and cloud.nothing_there(kwargs):
                return {"Items": []}
            return cloud.call(client._service_model.service_name, operation, kwargs)

        client: Any = BaseClient
        client._make_api_call = make_api_call
        wall_clock.now = self.clock.now
        virtual: Any = datetime_module(self.clock)
        modules: tuple[Any, ...] = (idempotency, persistence, datarecord, dynamodb)
        for module in modules:
            module.dt = virtual
        # Metrics are made and leave by the log, where nobody reads them here.
        emitting: Any = cloudwatch
        emitting.print = lambda _metrics: None

    def quieten(self) -> None:
        """Give the loaded adapters virtual sleep, random numbers of the run's own, and no threads.

        After the handlers are imported, because it is for every module that they brought in.
        """
        virtual = {
            "time": SimpleNamespace(sleep=lambda seconds: self.running.sleep(seconds)),
            "random": SimpleNamespace(
                uniform=lambda low, high: self.running.rng.uniform(low, high)
            ),
            "secrets": SimpleNamespace(token_bytes=lambda count: self.running.rng.randbytes(count)),
        }
        for name, module in list(sys.modules.items()):
            if name.startswith("adapters."):
                for own, standin in virtual.items():
                    if isinstance(getattr(module, own, None), ModuleType):
                        setattr(module, own, standin)
                if getattr(module, "ThreadPoolExecutor", None) is ThreadPoolExecutor:
                    vars(module)["ThreadPoolExecutor"] = InTurn

    @property
    def running(self) -> Cloud:
        assert self.cloud is not None, "no run is on"
        return self.cloud


SEAM = Seam()
