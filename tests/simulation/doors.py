"""The two doors, from outside: callers who repeat until they are answered, and files."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain import identity
from samples.envelopes import api_request
from tests.simulation.functions import FunctionFailed
from tests.simulation.scenario import Planned, Scenario
from tests.simulation.scheduler import Task

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

CALLER = "arn:aws:sts::123456789012:assumed-role/partner-gateway"
_RETRY_SECONDS_MAX = 600.0


class Doors:
    """`waiting` counts callers without an answer; `accepted` are the records that got RECEIVED."""

    def __init__(self, run: "CloudRun") -> None:
        self.waiting = 0
        self.accepted: dict[str, Planned] = {}
        self.files: dict[str, list[Planned]] = {}
        self._run = run
        (route,) = [
            route
            for route in run.plan.routes
            if (route.method, route.path) == ("POST", "/v1/messages")
        ]
        self._ingest = route.function
        run.may_call(route)
        (self._landing,) = {name for name, spec in run.plan.buckets.items() if spec.notifies_bus}

    def open(self, scenario: Scenario, begin: float) -> None:
        for number, several in enumerate(scenario.requests):
            submit = self._submitting(f"key-{number}", several)
            self._run.scheduler.at(begin + several[0].at, submit)
        for number, several in enumerate(scenario.files):
            land = self._landing_of(f"batch-{number}.jsonl", several)
            self._run.scheduler.at(begin + several[0].at, land)

    def _submitting(self, key: str, several: Sequence[Planned]) -> Any:
        def begin() -> None:
            self.waiting += 1
            self._run.scheduler.start(
                "caller", "caller", lambda: self._submit(key, several), self._answered
            )

        return begin

    def _answered(self, task: Task) -> None:
        self.waiting -= 1
        if task.failure is not None:
            raise task.failure

    def _submit(self, key: str, several: Sequence[Planned]) -> None:
        """The same request, under the same key, until there is an answer that settles it."""
        body: Any = [each.message for each in several]
        body = body[0] if len(body) == 1 else {"messages": body}
        tries = 0
        while True:
            status, answer = self._ask(key, body)
            self._run.note(f"caller of {key} gets {status}")
            repeated = status == 202 and self._run.hits("caller repeats", key)
            if status == 202 and not repeated:
                self._receipts(several, answer["results"])
                return
            assert status in (202, 409, 502, 503, 504), (status, answer)
            tries += 1
            self._run.sleep(min(2.0**tries, _RETRY_SECONDS_MAX))

    def _ask(self, key: str, body: Any) -> tuple[int, Any]:
        session = f"{CALLER}/session-{self._run.rng.randrange(3)}"
        event = api_request(
            "POST",
            "/v1/messages",
            CALLER,
            headers={"Idempotency-Key": key},
            body=json.dumps(body),
        )
        event["requestContext"]["identity"]["userArn"] = session
        try:
            answer = self._run.functions.ask(self._ingest, event)
        except FunctionFailed as failure:
            return (504 if failure.stopped else 502), None
        return answer["statusCode"], json.loads(answer["body"])

    def _receipts(self, several: Sequence[Planned], results: Sequence[dict[str, Any]]) -> None:
        for each, result in zip(several, results, strict=True):
            each.ingest_ids.append(result["ingest_id"])
            self.accepted[result["ingest_id"]] = each

    def _landing_of(self, name: str, several: list[Planned]) -> Any:
        return lambda: self.land(name, several)

    def land(self, name: str, several: list[Planned]) -> None:
        """A partner puts a file; what it holds is accepted from then on."""
        content = "".join(json.dumps(each.message) + "\n" for each in several).encode()
        version = self._run.buckets.put(self._landing, name, content)
        self._run.note(f"file {name} lands with {len(several)} records")
        for ordinal, each in enumerate(several):
            ingest_id = identity.ingest_id_for_s3(self._landing, name, version, ordinal)
            each.ingest_ids.append(ingest_id)
            self.accepted[ingest_id] = each
