"""Everything that the simulated cloud routes by, read from the template before a run.

Tables, queues, functions, buckets and buses are keyed by the name that code calls them; rules,
pipes, schedules, machines, roles and mappings by their logical id. `letters` is always the name of
the queue that takes what could not be delivered. Times are in seconds; -1 means without end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ENDLESS = -1

type Document = dict[str, Any]
type TargetKind = Literal["queue", "machine", "function", "firehose", "topic", "bus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """`key` is (hash,) or (hash, range); an index is (hash, range)."""

    name: str
    arn: str
    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, str]]
    keys_only: frozenset[str]  # the indexes that hold keys and nothing else
    stream: bool
    stream_arn: str | None
    ttl: str | None
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSpec:
    """`fifo`: in order for each group, and a name within a group is taken once in five minutes."""

    name: str
    fifo: bool
    url: str
    arn: str
    visibility_seconds: int
    retention_seconds: int
    delay_seconds: int
    max_receives: int | None
    letters: str | None
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSpec:
    name: str
    arn: str
    versioned: bool
    notifies_bus: bool  # whether "Object Created" goes to the account's default bus
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncSpec:
    """What Lambda does with an invocation that nobody waits for."""

    max_retries: int
    max_age_seconds: int
    letters: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """`handler` is "handlers.post.handler"; `role` a logical id."""

    name: str
    arn: str
    handler: str
    environment: Mapping[str, str]
    role: str
    timeout_seconds: int
    memory: int
    reserved_concurrency: int | None
    asynchronous: AsyncSpec
    log_group_arn: str | None
    traced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSpec:
    """An event source mapping; `source_name` is a queue, or the table of a stream."""

    name: str
    uuid: str
    arn: str
    enabled: bool
    source: Literal["queue", "stream"]
    source_name: str
    function: str
    batch_size: int
    window_seconds: int
    partial_failures: bool
    filters: tuple[Document, ...]
    max_retries: int
    max_age_seconds: int
    bisect: bool
    parallelization: int
    letters: str | None
    starting_position: str | None
    max_concurrency: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeSpec:
    """From a table's stream through a function to a bus; the templates shape what goes in."""

    name: str
    arn: str
    role: str
    source_table: str
    filters: tuple[Document, ...]
    starting_position: str
    batch_size: int
    window_seconds: int
    parallelization: int
    bisect: bool
    max_retries: int
    max_age_seconds: int
    letters: str | None
    enrichment: str | None
    enrichment_template: str | None
    target_bus: str
    source: str
    detail_type: str
    input_template: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """`name` is a key of the plan's queues, machines ...; `role` delivers, if there is one."""

    id: str
    kind: TargetKind
    name: str
    arn: str
    role: str | None
    max_age_seconds: int
    max_attempts: int  # retries after the first attempt
    letters: str | None
    input_path: str | None
    transformer: Document | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """`bus` is "default" for the account's own."""

    name: str
    arn: str
    bus: str
    pattern: Document
    enabled: bool
    targets: tuple[TargetSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """`service` is the one that delivers, `source_arn` what it names as the reason."""

    name: str
    service: str
    source_arn: str
    enabled: bool
    every_seconds: int
    kind: TargetKind
    target: str
    input: Document | None
    max_attempts: int  # retries after the first attempt
    max_age_seconds: int
    letters: str | None
    role: str | None

    @property
    def function(self) -> str:
        assert self.kind == "function", f"{self.name} starts a {self.kind}"
        return self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """`definition` is the ASL with its substitutions made."""

    name: str
    arn: str
    definition: Document
    role: str
    timeout_seconds: int | None
    express: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSpec:
    name: str
    arn: str
    letters: str | None
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseSpec:
    """Records are collected for `window_seconds` and written to `bucket` under `prefix`."""

    name: str
    arn: str
    role: str
    bucket: str
    prefix: str
    error_prefix: str
    window_seconds: int
    delimiter: str
    compressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    name: str
    arn: str
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSpec:
    name: str
    arn: str
    kms_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    """One method and path of the API."""

    method: str
    path: str
    function: str
    source_arn: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a statement's condition: operator with its qualifiers, as written."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Principals are ("Service", "events.amazonaws.com"), ("AWS", ARN) or ("*", "*")."""

    place: str
    allows: bool
    principals: tuple[tuple[str, str], ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """Who may take the role on, and what it may do, shared policies included."""

    name: str
    arn: str
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePolicy:
    """Statements about whoever comes to the resources that it is attached to."""

    name: str
    attached_to: tuple[str, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    tables: Mapping[str, TableSpec]
    queues: Mapping[str, QueueSpec]
    buckets: Mapping[str, BucketSpec]
    functions: Mapping[str, FunctionSpec]
    mappings: tuple[MappingSpec, ...]
    rules: tuple[RuleSpec, ...]
    pipes: tuple[PipeSpec, ...]
    schedules: tuple[ScheduleSpec, ...]
    machines: Mapping[str, MachineSpec]
    buses: Mapping[str, BusSpec]
    firehoses: Mapping[str, FirehoseSpec]
    topics: Mapping[str, TopicSpec]
    secrets: Mapping[str, SecretSpec]
    keys: Mapping[str, str]  # ARN of a key by its logical id
    routes: tuple[RouteSpec, ...]
    roles: Mapping[str, RoleSpec]
    resource_policies: tuple[ResourcePolicy, ...]
