"""The bus in memory and in the simulation answer as the engine's, deliver the same, and choose the
same events for each rule of the template.
"""

import copy
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from local.pipes import patterns
from tests.engine.live import Stack
from tests.engine.simulated import Calm
from tests.fakes.services import MemoryBus
from tests.simulation import patterns as simulated_patterns
from tests.simulation.reading import expansion
from tests.simulation.services.bus import Bus
from tests.simulation.template import deployed

pytestmark = pytest.mark.engine

RULES = {rule.name: rule.pattern for rule in deployed().rules} | {
    name: resource["Properties"]["EventPattern"]
    for name, resource in expansion.fresh()["Resources"].items()
    if resource["Type"] == "AWS::Events::Archive"
}
OF_S3 = {
    "version": "0",
    "id": "00000000-0000-4000-8000-000000000000",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2026-11-20T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:s3:::LandingBucket"],
    "detail": {"version": "0", "bucket": {"name": "LandingBucket"}, "object": {"key": "a.jsonl"}},
}
OF_THE_BUS = [
    json.loads(path.read_text())
    for path in sorted((Path(__file__).parents[2] / "events").glob("*.json"))
]
EVENTS = [OF_S3, OF_S3 | {"replay-name": "again"}, *OF_THE_BUS]
for each in OF_THE_BUS:
    if each["detail-type"] == "TransactionPosted":
        EVENTS.append(copy.deepcopy(each))
        EVENTS[-1]["detail"]["data"]["purpose"] = "SUSPEND"
QUIET = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# --- PutEvents

entries = st.builds(
    lambda source, number: {
        "Source": source,
        "DetailType": "TransactionPosted",
        "Detail": json.dumps({"meta": {"event_id": str(number)}, "data": {}}),
    },
    st.sampled_from(("payments.ledger", "payments.rules", "aws.ledger")),
    st.integers(0, 99),
)


class OwnBus:
    """A bus of the engine beside the deployed one, and a queue that hears what is said there."""

    def __init__(self, stack: Stack) -> None:
        self.events, self._sqs = stack.client("events"), stack.client("sqs")
        self.name = f"twin-{uuid.uuid4().hex[:8]}"
        self.events.create_event_bus(Name=self.name)
        self._url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        told = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": [{"prefix": "payments."}]})
        self.events.put_rule(Name=self.name, EventBusName=self.name, EventPattern=pattern)
        target = {"Id": "heard", "Arn": told["Attributes"]["QueueArn"]}
        self.events.put_targets(Rule=self.name, EventBusName=self.name, Targets=[target])

    def hear(self) -> dict[str, Any]:
        """The next event."""
        (message,) = self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=10)["Messages"]
        return dict(json.loads(message["Body"]))


@pytest.fixture(scope="module")
def bus(stack: Stack) -> OwnBus:
    return OwnBus(stack)


def simulated() -> tuple[Bus, str]:
    """The simulation's buses, and the name of the deployed one."""
    calm = Calm()
    (name,) = (each for each in calm.plan.buses if each != "default")
    return calm.bus(), name


@settings(QUIET, max_examples=60)
@given(st.lists(entries, min_size=1, max_size=12))
def test_each_entry_is_answered_the_same(bus: OwnBus, wanted: list[dict[str, str]]) -> None:
    theirs = _answered(bus.events, wanted, bus.name)

    assert _answered(MemoryBus(), wanted, "bus") == theirs
    assert _answered(simulated()[0], wanted, simulated()[1]) == theirs


def _answered(client: Any, wanted: list[dict[str, str]], name: str) -> Any:
    """How many failed and why, in the order of the entries; else the call's refusal."""
    try:
        answer = client.put_events(Entries=[each | {"EventBusName": name} for each in wanted])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return answer["FailedEntryCount"], [each.get("ErrorCode") for each in answer["Entries"]]


def test_an_event_arrives_with_the_same_fields(stack: Stack) -> None:
    entry = {
        "Source": "payments.ledger",
        "DetailType": "TransactionPosted",
        "Detail": json.dumps({"meta": {"event_id": "e"}, "data": {"text": "Zürich", "n": 12}}),
    }
    fresh = OwnBus(stack)
    fresh.events.put_events(Entries=[entry | {"EventBusName": fresh.name}])
    theirs = fresh.hear()
    ours_bus, name = simulated()
    ours_bus.put_events(Entries=[entry | {"EventBusName": name}])
    ours = ours_bus.archive[0].content

    assert ours.keys() == theirs.keys()
    for same in ("version", "detail-type", "source", "resources", "detail"):
        assert ours[same] == theirs[same]
    for alike in ("time", "id"):
        assert len(ours[alike]) == len(theirs[alike])


# --- which rule an event is for

type Trail = tuple[str, ...]
TEXTS = ("", "payments.", "payments.ledger", "paymentsXledger", "TransactionRejected", "SUSPEND")
VALUES: tuple[Any, ...] = (*TEXTS, "OPENING", None, True, 0, [], ["SUSPEND", "BOOK"], {"a": "b"})


def _paths(value: Any, path: Trail = ()) -> Iterator[Trail]:
    for name, member in value.items() if isinstance(value, dict) else ():
        yield (*path, name)
        yield from _paths(member, (*path, name))


NAMED = sorted({path for pattern in RULES.values() for path in _paths(pattern)})


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of the system or of S3, with up to three of the fields changed that rules name."""
    event: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    for path in draw(st.lists(st.sampled_from(NAMED), max_size=3)):
        _change(draw, event, path)
    return event


def _change(draw: st.DrawFn, event: dict[str, Any], path: Trail) -> None:
    place: Any = event
    for name in path[:-1]:
        place = place.get(name)
        if not isinstance(place, dict):
            return
    # An event of the bus has all its outer fields, and texts in them.
    if len(path) == 1:
        place[path[0]] = draw(st.sampled_from(TEXTS))
    elif draw(st.booleans()):
        place.pop(path[-1], None)
    else:
        place[path[-1]] = copy.deepcopy(draw(st.sampled_from(VALUES)))


@settings(QUIET, max_examples=150)
@given(events())
def test_each_rule_of_the_template_chooses_the_same_events(
    stack: Stack, event: dict[str, Any]
) -> None:
    client = stack.client("events")
    for name, pattern in RULES.items():
        answer = client.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(event)
        )
        assert patterns.matches(dict(pattern), event) == answer["Result"], name
        assert simulated_patterns.matches(pattern, event) == answer["Result"], name


def test_each_rule_chooses_at_least_one_sample_and_leaves_one() -> None:
    for name, pattern in RULES.items():
        chosen = {patterns.matches(dict(pattern), event) for event in EVENTS}
        assert chosen == {True, False}, name
