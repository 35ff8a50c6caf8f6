"""The deployed workflow's definition makes the sample decisions of what enrichment tells it: the
verdicts in the samples are written by hand, because the workflow is no Python.
"""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

import local
from samples import make_reference
from samples.envelopes import bus_event
from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE, Story
from tests.engine.live import Stack, eventually
from tests.engine.own_services import OwnServices, physical_names

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "statemachine" / "apply_rules.asl.json"


class Workflow:
    """The definition on services of its own, with the sample rules."""

    def __init__(self, stack: Stack) -> None:
        endpoint, names = local.endpoint(), physical_names(stack.system)
        assert endpoint is not None
        self.own = OwnServices(endpoint, names)
        self._states = self.own.client("stepfunctions")
        deployed = self._states.describe_state_machine(
            stateMachineArn=names["ApplyRulesStateMachine"]
        )
        self._arn = self._states.create_state_machine(
            name=f"samples-{uuid.uuid4().hex[:8]}",
            definition=self._definition(),
            type="EXPRESS",
            roleArn=deployed["roleArn"],
        )["stateMachineArn"]
        for rule in make_reference.rules():
            row = {"pk": "RULES#v1", "sk": rule["id"], "params": json.dumps(rule["params"])}
            self.own.put("Reference", row)

    def decide(self, story: Story) -> dict[str, Any]:
        """The event that it puts on the bus."""
        event = bus_event(story.enriched, story.received_at)
        execution = self._states.start_execution(
            stateMachineArn=self._arn, input=json.dumps(event)
        )["executionArn"]

        def ended() -> bool:
            answer = self._states.describe_execution(executionArn=execution)
            return bool(answer["status"] != "RUNNING")

        eventually(ended)
        heard: list[dict[str, Any]] = []
        deadline = time.monotonic() + 10
        while not heard and time.monotonic() < deadline:
            heard = [json.loads(body) for body in self.own.received(self.own.heard)]
        (only,) = heard
        return only

    def _definition(self) -> str:
        names = {f"{kind}Table": name for kind, name in self.own.tables.items()}
        names |= {"BusName": self.own.bus, "RulesDeadLettersUrl": self.own.landing}
        text = DEFINITION.read_text()
        for name, value in names.items():
            text = text.replace(f"${{{name}}}", value)
        return text


@pytest.fixture(scope="module")
def workflow(stack: Stack) -> Workflow:
    return Workflow(stack)


@pytest.mark.parametrize(
    ("story", "name"),
    [
        (FOREIGN_PURCHASE, "TransactionPostingApproved"),
        (BLOCKED_PURCHASE, "TransactionPostingSuspended"),
        (DECLINED_PURCHASE, "TransactionRejected"),
    ],
    ids=["approved", "suspended", "rejected"],
)
def test_the_workflow_makes_the_sample(workflow: Workflow, story: Story, name: str) -> None:
    expected = json.loads((ROOT / "events" / f"{name}.json").read_text())

    made = workflow.decide(story)

    assert (made["detail-type"], made["source"]) == (name, expected["source"])
    assert made["detail"] == expected["detail"]
