"""The rules workflow as it stands in the repository, over services in memory."""

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fakes.cloud import SETTINGS, Cloud
from tests.simulation import workflow
from tests.simulation.definitions import definition

NAMES = {
    "ReferenceTable": SETTINGS["REFERENCE_TABLE"],
    "ParkedTable": SETTINGS["PARKED_TABLE"],
    "JournalTable": SETTINGS["JOURNAL_TABLE"],
    "BusName": SETTINGS["BUS_NAME"],
    "RulesDeadLettersUrl": SETTINGS["RULES_DEAD_LETTERS_URL"],
}


@dataclass(frozen=True)
class Spec:
    definition: dict[str, Any]
    name: str
    timeout_seconds: float | None = None
    express: bool = True


def spec(mode: str) -> Spec:
    """The machine as it is deployed in this mode, LIVE or DRY."""
    filled = NAMES | {"Mode": mode}
    text = json.dumps(definition("apply_rules"))
    return Spec(json.loads(re.sub(r"\$\{(\w+)\}", lambda name: filled[name.group(1)], text)), mode)


class RulesMachine:
    """`operations` are the calls that it has made."""

    def __init__(self, cloud: Cloud, mode: str) -> None:
        self._cloud = cloud
        self._spec = spec(mode)
        self.operations: list[str] = []

    def run(self, event: Any) -> workflow.RunResult:
        return workflow.run(
            self._spec, event, self._call, lambda _seconds: None, self._cloud.now, Random(1), "run"
        )

    def sync(self, arn: str, given: str) -> dict[str, Any]:
        """As StartSyncExecution answers."""
        assert arn == SETTINGS["DRY_RULES_ARN"]
        ended = self.run(json.loads(given))
        if ended.status == "SUCCEEDED":
            return {"status": ended.status, "output": json.dumps(ended.output)}
        return {"status": ended.status, "error": ended.error or "", "cause": ended.cause or ""}

    def _call(self, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        self.operations.append(operation)
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        return getattr(self._cloud.client(service), name)(**arguments)
