"""One run: all services of the plan, and the way of each AWS call through permission and fault."""

import random
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.simulation.books import SimulatedBooks
from tests.simulation.clock import Clock
from tests.simulation.faults import Faults
from tests.simulation.functions import Deployed, Functions
from tests.simulation.permissions import Permissions
from tests.simulation.plan import Plan, RouteSpec
from tests.simulation.scheduler import Scheduler, Stopped, Task, current_task
from tests.simulation.services.buckets import Buckets
from tests.simulation.services.bus import Bus
from tests.simulation.services.database import Database, Place, conflict, refusal
from tests.simulation.services.keys import Keys, Secrets
from tests.simulation.services.machines import Machines
from tests.simulation.services.mappings import QueueFeed, stream_reader
from tests.simulation.services.others import (
    Delivery,
    Lambda,
    StreamReading,
    Topics,
    Workflows,
)
from tests.simulation.services.pipes import reader_of
from tests.simulation.services.queues import Queues
from tests.simulation.services.schedules import Schedules
from tests.simulation.services.streams import RETENTION_SECONDS, Reader
from tests.simulation.services.trail import Trail
from tests.simulation.trace import Trace

_CALL_FAULTS = ("crash before", "crash after", "throttle", "lost reply", "sent twice")
_THROTTLES = {
    "dynamodb": (
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "InternalServerError",
    ),
    "events": ("ThrottlingException", "InternalFailure"),
    "sqs": ("ThrottlingException", "ServiceUnavailable"),
    "kms": ("ThrottlingException", "KMSInternalException"),
    "s3": ("SlowDown", "InternalError"),
}
_SLOWNESS = (1.0, 1.0, 1.0, 1.0, 8.0, 40.0)
# They read much before they write.
_SLOW_REPAIRS = {"RebuildBalancesFunction", "ReleaseFunction"}
_WRITES = {"TransactWriteItems", "UpdateItem", "PutItem"}
_WAITS_SECONDS = (0.0, 0.3, 2.0, 8.0)
_STREAM_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator")
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What all runs of a process share: the plan, its permissions, and the loaded handlers."""

    plan: Plan
    permissions: Permissions
    deployed: Deployed
    # Changes a call before it takes effect: how a mutant drops a guard from the code.
    amend: Callable[[str, str, dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Streams:
    """The random numbers of a run: for its order, its faults and its scenario."""

    order: random.Random
    faults: random.Random
    scenario: random.Random

    @classmethod
    def of(cls, seed: int) -> "Streams":
        names = ("order", "faults", "scenario")
        return cls(*(random.Random(f"{name} of {seed}") for name in names))


class CloudRun:
    """`only` lets just these faults happen; `sparing` is how often an idle schedule runs."""

    def __init__(
        self,
        deployment: Deployment,
        clock: Clock,
        seeds: Streams,
        only: Collection[int] | None = None,
        sparing: float = 0.0,
    ) -> None:
        self.deployment = deployment
        self.plan, self.permissions = deployment.plan, deployment.permissions
        self.clock, self.rng = clock, seeds.order
        self.trace = Trace()
        self.faults = Faults(seeds.faults, only)
        self.scheduler = Scheduler(clock, self.rng)
        self.functions = Functions(
            self.plan.functions, deployment.deployed, self.scheduler, self.may_run
        )
        self.database = Database(
            self.plan.tables, self.hits, self.faults.below, lambda: clock.seconds
        )
        self.queues = Queues(self.plan.queues, lambda: clock.seconds)
        self.bus = Bus(self)
        self.buckets = Buckets(self)
        self.trail = Trail(self)
        self.machines = Machines(self, self.plan.machines)
        self.books = SimulatedBooks(self)
        self.told: list[tuple[str, str]] = []
        self.audit_buckets = {spec.bucket for spec in self.plan.firehoses.values()}
        self.denied: list[str] = []
        self.readers: list[Reader] = []
        self._importing: str | None = None
        self._throttled_until: dict[str, float] = {}
        self._waits, self._waiting = self.rng, frozenset[str]()
        self._kept: dict[str, deque[tuple[float, dict[str, Any]]]] = {}
        self._readable: dict[tuple[str, str], bool] = {}
        self._feed_functions()
        self.schedules = Schedules(self, sparing)

    def _feed_functions(self) -> None:
        by_id: dict[str, Reader | QueueFeed] = {}
        readers: list[Reader] = []
        for mapping in self.plan.mappings:
            if mapping.source == "queue":
                by_id[mapping.uuid] = QueueFeed(self, mapping)
            else:
                reader = by_id[mapping.uuid] = stream_reader(self, mapping)
                readers.append(reader)
        self.readers = [*readers, *(reader_of(self, pipe) for pipe in self.plan.pipes)]
        self._by_table: dict[str, list[Reader]] = {}
        for reader in self.readers:
            self._by_table.setdefault(reader.reading.table, []).append(reader)
        self._services: dict[str, Any] = {
            "dynamodb": self.database,
            "events": self.bus,
            "sqs": self.queues,
            "kms": Keys(self.plan),
            "secretsmanager": Secrets(self.plan),
            "s3": self.buckets,
            "lambda": Lambda(self, by_id),
            "stepfunctions": Workflows(self),
            "firehose": Delivery(self),
            "sns": Topics(self),
            "dynamodbstreams": StreamReading(self),
        }

    # --- the small things that everything asks for

    def note(self, what: str) -> None:
        self.trace.add(self.clock.seconds, what)

    def hits(self, kind: str, place: str) -> bool:
        if not self.faults.hits(kind, place, self.clock.seconds):
            return False
        self.note(f"FAULT {kind} at {place}")
        return True

    def sleep(self, seconds: float) -> None:
        self.scheduler.pause(seconds)

    def keep_waiting(self, names: Collection[str], waits: random.Random) -> None:
        """These often wait before they write, for as long as these numbers say; which is no fault,
        and goes on after them: a hold that lives for an hour expires then.
        """
        self._waits, self._waiting = waits, frozenset(names)

    def import_as(self, role: str | None) -> None:
        """Whose role the calls outside all runs are made under: those of a function's start."""
        self._importing = role

    # --- calls

    def call(self, service: str, operation: str, kwargs: dict[str, Any]) -> Any:
        """What botocore would send, and what it would answer or raise."""
        task = current_task()
        if task is None:
            if self._importing is not None:
                may = self.permitted(self._importing, operation, kwargs)
                self.ask(may, f"{self._importing} may not {operation} at its start")
            return self._effect(service, operation, kwargs)
        if task.stopped:
            raise Stopped
        if self.deployment.amend is not None:
            kwargs = self.deployment.amend(task.name, operation, kwargs)
        self._take_time(task, operation)
        place = f"{task.name} {operation}"
        self.note(place)
        # What people do is rare, and its middle is where it must not stop.
        times = 10.0 if task.name == "ReleaseFunction" else 1.0
        fault = self.faults.one_of(_CALL_FAULTS, place, self.clock.seconds, times)
        if fault is not None:
            self.note(f"FAULT {fault} at {place}")
        self._before(task, service, operation, fault)
        if not self.permitted(task.role, operation, kwargs):
            self.note(f"{task.role} may not {operation}")
            self.denied.append(f"{task.role} may not {operation}")
            raise refusal("AccessDeniedException", operation)
        answer = self._perform(service, operation, kwargs, fault)
        return self._after(task, answer, fault)

    def _take_time(self, task: Task, operation: str) -> None:
        task.calls += 1
        if task.calls == 1 and self.faults.on:
            # Some runs are slow, so that much happens between two of their calls.
            slow = _SLOWNESS[4:] if task.name in _SLOW_REPAIRS else _SLOWNESS
            task.slowness = self.rng.choice(slow)
        self.scheduler.pause(self.rng.uniform(0.002, 0.03) * task.slowness)
        if task.name in self._waiting and operation in _WRITES:
            self.scheduler.pause(self._waits.uniform(0.0, self._waits.choice(_WAITS_SECONDS)))

    def _before(self, task: Task, service: str, operation: str, fault: str | None) -> None:
        if fault == "crash before":
            task.stopped = True
            raise Stopped
        if fault == "throttle" and self.faults.below(4) == 0:
            until = self.clock.seconds + self.faults.between(0.5, 60.0)
            self._throttled_until[service] = until
        throttled = self.faults.on and self.clock.seconds < self._throttled_until.get(service, 0.0)
        if fault == "throttle" or (throttled and self.faults.below(2)):
            codes = _THROTTLES.get(service, ("ThrottlingException",))
            raise refusal(codes[self.faults.below(len(codes))], operation)

    def _perform(
        self, service: str, operation: str, kwargs: dict[str, Any], fault: str | None
    ) -> Any:
        if service == "dynamodb":
            return self._through_conflicts(operation, kwargs, fault)
        answer = self._effect(service, operation, kwargs)
        return self._effect(service, operation, kwargs) if fault == "sent twice" else answer

    def _after(self, task: Task, answer: Any, fault: str | None) -> Any:
        if fault == "crash after":
            task.stopped = True
            raise Stopped
        if fault == "lost reply":
            if self.faults.below(2):
                raise ReadTimeoutError(endpoint_url="https://simulated")
            raise ConnectionClosedError(endpoint_url="https://simulated")
        return answer

    def _through_conflicts(self, operation: str, kwargs: dict[str, Any], fault: str | None) -> Any:
        """A transaction holds its items for a moment; other writes to them are refused then."""
        places = self.database.places(operation, kwargs)
        busy = self.database.busy
        unlucky: Place | None = None
        if places and self.hits("conflict", operation):
            unlucky = places[self.faults.below(len(places))]
        if unlucky or any(each in busy for each in places):
            self.note(f"conflict of {operation}")
            raise conflict(operation, places, lambda each: each in busy or each == unlucky)
        if operation == "TransactWriteItems":
            busy.update(places)
            try:
                self.scheduler.pause(self.rng.uniform(0.002, 0.02))
            finally:
                busy.difference_update(places)
            if fault == "sent twice" and "ClientRequestToken" not in kwargs:
                # The SDK's own token makes one transaction of its repeats.
                fault = None
        if fault != "sent twice":
            return self._effect("dynamodb", operation, kwargs)
        try:
            self._effect("dynamodb", operation, kwargs)
        except ClientError as error:
            self.note(f"the lost answer was {error.response['Error']['Code']}")
        return self._effect("dynamodb", operation, kwargs)

    def _effect(self, service: str, operation: str, kwargs: dict[str, Any]) -> Any:
        method = getattr(self._services[service], xform_name(operation))
        answer = method(**kwargs)
        if service == "dynamodb":
            for table, record in self.database.new_records():
                self._kept.setdefault(table, deque()).append((self.clock.seconds, record))
                for reader in self._by_table.get(table, ()):
                    reader.offer(record)
        return answer

    def nothing_there(self, kwargs: Mapping[str, Any]) -> bool:
        """Most minutes of an index are empty: most of those answers come at once.

        Without a fault, and so without a moment in which anything else may happen.
        """
        return self.database.empty(kwargs) and self.rng.random() >= 0.02

    def records_kept(self, table: str) -> list[dict[str, Any]]:
        """What the table's stream has of the last day."""
        oldest = self.clock.seconds - RETENTION_SECONDS
        return [record for at, record in self._kept.get(table, ()) if at > oldest]

    # --- permissions

    def permitted(self, role: str, operation: str, kwargs: dict[str, Any]) -> bool:
        return self.permissions.refusal(role, operation, kwargs) is None

    def ask(self, allowed: bool, what: str) -> bool:
        """What a service needs of the template; where it lacks that, the run is broken."""
        if not allowed:
            self.note(f"refused: {what}")
            self.denied.append(what)
        return allowed

    def may_run(self, function: str) -> bool:
        """Lambda takes the role on, and writes log and traces in its name."""
        known = ("runs", function)
        if known not in self._readable:
            spec = self.plan.functions[function]
            may = self.permissions.may_run(function)
            takes = self.permissions.may_assume("lambda.amazonaws.com", spec.role, spec.arn)
            self._readable[known] = self.ask(may and takes, f"{function} runs")
        return self._readable[known]

    def takes_role(self, service: str, role: str, source: str) -> bool:
        known = (f"{service} takes {role}", source)
        if known not in self._readable:
            takes = self.permissions.may_assume(service, role, source)
            self._readable[known] = self.ask(takes, f"{service} takes {role} on for {source}")
        return self._readable[known]

    def may_call(self, route: RouteSpec) -> bool:
        function = self.plan.functions[route.function].arn
        allowed = self.permissions.service_allows(
            "apigateway.amazonaws.com", "lambda:InvokeFunction", function, route.source_arn
        )
        return self.ask(allowed, f"{route.method} {route.path} invokes {route.function}")

    def leave_letter(self, role: str, queue: str, body: str) -> bool:
        """A reader or Lambda gives something up, in the name of the role that it works under."""
        spec = self.plan.queues[queue]
        allowed = self.permitted(role, "SendMessage", {"QueueUrl": spec.url})
        if self.ask(allowed, f"{role} leaves a letter in {queue}"):
            self.queues.named[queue].send(body)
        return allowed

    def may_read_stream(self, role: str, table: str) -> bool:
        arn = self.plan.tables[table].stream_arn or ""
        return self._may_all(role, arn, tuple(f"dynamodb:{name}" for name in _STREAM_ACTIONS))

    def may_read_queue(self, role: str, queue: str) -> bool:
        arn = self.plan.queues[queue].arn
        return self._may_all(role, arn, tuple(f"sqs:{name}" for name in _QUEUE_ACTIONS))

    def _may_all(self, role: str, arn: str, actions: tuple[str, ...]) -> bool:
        key = (role, arn)
        if key not in self._readable:
            self._readable[key] = all(self.permissions.allows(role, each, arn) for each in actions)
        return self._readable[key]
