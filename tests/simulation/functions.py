"""The deployed functions: each handler imported once, under its own environment, and invoked."""

import importlib
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from adapters.doors import DoorWatch
from adapters.match_waits import MatchWaitRules
from adapters.over_clearing_rules import OverClearingRules
from domain.errors import PostingError
from tests.simulation.plan import FunctionSpec
from tests.simulation.scheduler import Scheduler, Stopped, Task

type Handler = Callable[[Any, Any], Any]
type Done = Callable[[Any, BaseException | None], None]

_START_SECONDS = 0.02
# What a function keeps between its runs.
_REMEMBERING = (DoorWatch, MatchWaitRules, OverClearingRules)
_EXPECTED = (Stopped, ClientError, BotoCoreError, PostingError)


class Context:
    """What Lambda tells a handler about its run."""

    function_version = "$LATEST"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self, spec: FunctionSpec, scheduler: Scheduler, deadline: float) -> None:
        self.function_name = spec.name
        self.invoked_function_arn = spec.arn
        self._scheduler = scheduler
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - self._scheduler.clock.seconds) * 1000))


class Log(logging.Handler):
    """Takes what handlers log without writing it out; `lines` formats it when somebody asks."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.formatter = formatter
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def lines(self) -> list[str]:
        return [self.format(record) for record in self.records]


class Deployed:
    """The handlers of a plan, in this process."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.modules: dict[str, Any] = {}
        self.logs: dict[str, Log] = {}
        self._memories: list[tuple[Any, dict[str, Any]]] = []

    def load(
        self, specs: Mapping[str, FunctionSpec], serving: Callable[[str | None], None]
    ) -> None:
        """`serving` is told whose role the calls during an import are made under."""
        kept = dict(os.environ)
        for name, spec in sorted(specs.items()):
            serving(spec.role)
            module_name, _, attribute = spec.handler.rpartition(".")
            os.environ.update(spec.environment)
            try:
                module = importlib.import_module(module_name)
            finally:
                os.environ.clear()
                os.environ.update(kept)
            self.modules[name] = module
            self.handlers[name] = getattr(module, attribute)
            self._capture(name, module)
            for each in vars(module).values():
                if isinstance(each, _REMEMBERING):
                    self._memories.append((each, _copied(vars(each))))

    def _capture(self, name: str, module: Any) -> None:
        plain = module.logger.registered_handler
        log = Log(plain.formatter)
        underlying = module.logger._logger
        underlying.handlers = [log]
        underlying.propagate = False
        self.logs[name] = log

    def forget(self) -> None:
        """As when the functions were imported, so that no run depends on the one before it."""
        for each, first in self._memories:
            vars(each).update(_copied(first))
        for log in self.logs.values():
            log.records.clear()


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return {name: dict(each) if type(each) is dict else each for name, each in values.items()}


class Functions:
    """Invocations in one run."""

    def __init__(
        self,
        specs: Mapping[str, FunctionSpec],
        deployed: Deployed,
        scheduler: Scheduler,
        may_run: Callable[[str], bool],
    ) -> None:
        self.specs = specs
        self._deployed = deployed
        self._scheduler = scheduler
        self._may_run = may_run
        self.runs = 0
        # Runs that ended by an error which no service and no rule of the domain gave them.
        self.wrong: list[str] = []

    def invoke(self, name: str, event: Any, done: Done, time_limit: float | None = None) -> None:
        """Start a run; `done` gets its answer or what it ended by."""
        spec = self.specs[name]
        limit = float(spec.timeout_seconds) if time_limit is None else time_limit
        self.runs += 1
        self._may_run(name)
        handler = self._deployed.handlers[name]
        context = Context(spec, self._scheduler, self._scheduler.clock.seconds + limit)

        def body() -> Any:
            # What comes and goes over the wire is JSON.
            return msgspec.json.decode(msgspec.json.encode(handler(event, context)))

        def ended(task: Task) -> None:
            if task.failure is not None and not isinstance(task.failure, _EXPECTED):
                self.wrong.append(f"{name}: {type(task.failure).__name__}: {task.failure}")
            done(task.result, task.failure)

        self._scheduler.start(name, spec.role, body, ended, _START_SECONDS, limit)

    def ask(self, name: str, event: Any) -> Any:
        """Invoke and wait, from inside a task; raises what the run ended by."""

        def begin(answer: Callable[[Any], None]) -> None:
            self.invoke(name, event, lambda result, error: answer((result, error)))

        result, error = self._scheduler.wait_for(begin)
        if error is not None:
            raise FunctionFailed(name, error)
        return result


class FunctionFailed(Exception):
    """The invoked function ended by an error, or its process did."""

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__(f"{name}: {type(error).__name__}: {error}")
        self.stopped = isinstance(error, Stopped)
