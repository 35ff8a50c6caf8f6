"""The rules' workflow alone, on tables in memory and a bus that only listens."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from samples import make_reference
from samples.envelopes import bus_event
from samples.event_story import Story
from tests.fakes.dynamodb import MemoryDynamoDB, Table
from tests.simulation import workflow
from tests.simulation.definitions import definition
from tests.simulation.workflow import payloads

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Spec:
    definition: dict[str, Any]
    name: str = "Rules"
    timeout_seconds: float | None = None
    express: bool = True


def _filled(mode: str) -> dict[str, Any]:
    """The definition in this mode, with every other `${Name}` replaced by that name."""
    text = json.dumps(definition("apply_rules")).replace("${Mode}", mode)
    read: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", text))
    return read


RULES = Spec(_filled("LIVE"))
DRY_RULES = Spec(_filled("DRY"), name="DryRules")


class Time:
    """Virtual: it passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=sum(self.slept))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Bench:
    """`said` are the entries for the bus, `letters` the bodies for the queue.

    `refuse` holds, by operation, the errors that the next calls meet; `refused_entries` is how many
    more events the bus refuses.
    """

    said: list[dict[str, Any]] = field(default_factory=list)
    letters: list[Any] = field(default_factory=list)
    refuse: dict[str, list[Exception]] = field(default_factory=dict)
    refused_entries: int = 0
    machine: Spec = RULES
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        tables = {
            "ReferenceTable": Table("pk", "sk"),
            "ParkedTable": Table("ingest_id"),
            "JournalTable": Table("pk", "sk"),
        }
        self.db = MemoryDynamoDB(tables)
        for rule in make_reference.rules():
            self.put(
                "ReferenceTable", pk="RULES#v1", sk=rule["id"], params=json.dumps(rule["params"])
            )

    def put(self, table: str, **strings: Any) -> None:
        item = {key: {"S": each} if type(each) is str else each for key, each in strings.items()}
        self.db.put_item(TableName=table, Item=item)

    def parked(self) -> dict[str, Any] | None:
        return next(iter(self.db.rows("ParkedTable")), None)

    def judge(self, event: Mapping[str, Any], seed: int = 1) -> workflow.RunResult:
        return workflow.run(
            self.machine, event, self._call, self.time.sleep, self.time.now, Random(seed), "run-1"
        )

    def _call(self, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        self.time.sleep(0.01)
        if self.refuse.get(operation):
            raise self.refuse[operation].pop(0)
        if service == "events":
            return self._put_events(arguments["Entries"])
        if service == "sqs":
            self.letters.append(json.loads(arguments["MessageBody"]))
            return {"MessageId": "1"}
        return getattr(self.db, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())(**arguments)

    def _put_events(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.refused_entries > 0:
            self.refused_entries -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.said += [{**each, "Detail": json.loads(each["Detail"])} for each in entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def enriched(story: Story, **changed: Any) -> dict[str, Any]:
    """The event of a sample story; `account__status="CLOSED"` changes a field inside."""
    event = bus_event(story.enriched, story.received_at)
    for path, value in changed.items():
        *parents, name = path.split("__")
        place = event["detail"]["data"]
        for parent in parents:
            place = place[parent]
        place[name] = value
    return event


@dataclass(frozen=True)
class Evaluation:
    """An expression, and the variables that it was given."""

    text: str
    variables: dict[str, Any]


@contextmanager
def recorded(evaluations: list[Evaluation]) -> Iterator[None]:
    """Note every evaluation of the runs inside, from definitions that are compiled there."""
    compiled = payloads.compile_expression

    def recording(text: str) -> Any:
        evaluate = compiled(text)

        def run(value: Any, variables: Mapping[str, Any]) -> Any:
            evaluations.append(Evaluation(text, deepcopy(dict(variables))))
            return evaluate(value, variables)

        return run

    payloads.compile_expression = recording
    try:
        yield
    finally:
        payloads.compile_expression = compiled
