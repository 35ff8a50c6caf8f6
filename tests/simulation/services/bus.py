"""EventBridge: rules by pattern, and each target by its own retries and its own letters.

PutEvents answers 200 with the entries that it refused. A delivery comes at least once, in no order,
and is tried until its age or its attempts run out; then the event lies in the target's letters, or,
without letters, nowhere.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from local.pipes.patterns import matches
from tests.simulation.plan import RuleSpec, TargetSpec
from tests.simulation.reading.refusal import NotUnderstood
from tests.simulation.services.database import refusal

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_ENTRIES_MAX = 10
_BYTES_MAX = 256 * 1024
_FIRST_RETRY_SECONDS = 1.0
_RETRY_SECONDS_MAX = 3_600.0
# One in so many targets that are down stays so for longer than a rule tries: a day, over each of
# whose minutes every repair walks.
_OUTLASTED = 24
_BY_POLICY = {"queue": "sqs:SendMessage", "topic": "sns:Publish"}
_BY_ROLE = {"machine": "states:StartExecution", "firehose": "firehose:PutRecord"}


class Event:
    """`detail-type`, `source` and so on; the body is the same for all targets."""

    __slots__ = ("body", "content")

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.body = msgspec.json.encode(content).decode()


class Bus:
    """All buses of the account, the default one included."""

    def __init__(self, run: "CloudRun") -> None:
        self.archive: list[Event] = []
        self._run = run
        self._count = 0
        self._rules: dict[str, list[RuleSpec]] = {}
        for rule in run.plan.rules:
            if rule.enabled:
                self._rules.setdefault(rule.bus, []).append(rule)
        self._refusing_until: dict[str, float] = {}
        for name in run.plan.buses:
            run.ask(run.permissions.bus_may_encrypt(name), f"{name} opens its key")
        self._down_until: dict[tuple[str, str], float] = {}

    def put_events(self, Entries: list[dict[str, Any]]) -> Any:
        if not 0 < len(Entries) <= _ENTRIES_MAX:
            raise refusal("ValidationException", "PutEvents")
        if sum(_size(entry) for entry in Entries) > _BYTES_MAX:
            raise refusal("ValidationException", "PutEvents")
        results = [self._put(entry) for entry in Entries]
        failed = sum(1 for result in results if "ErrorCode" in result)
        return {"FailedEntryCount": failed, "Entries": results}

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        run, name = self._run, str(entry.get("EventBusName", "default")).rpartition("/")[2]
        if name not in run.plan.buses:
            return {"ErrorCode": "ResourceNotFoundException", "ErrorMessage": name}
        if entry["Source"].startswith("aws."):
            code = "NotAuthorizedForSourceException"
            return {"ErrorCode": code, "ErrorMessage": "Not authorized for the source."}
        try:
            detail = entry["Detail"]
            detail = msgspec.json.decode(detail) if isinstance(detail, str) else detail
        except msgspec.DecodeError:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        if self._refuses(entry["DetailType"]):
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}
        return {"EventId": self.publish(name, entry["Source"], entry["DetailType"], detail)}

    def _refuses(self, detail_type: str) -> bool:
        """One entry by itself, or every one for a while."""
        run, now = self._run, self._run.clock.seconds
        if run.faults.on and now < self._refusing_until.get(detail_type, 0.0):
            return True
        if not run.hits("entry refused", f"PutEvents {detail_type}"):
            return False
        if run.faults.below(3) == 0:
            self._refusing_until[detail_type] = now + run.faults.between(0.5, 60.0)
        return True

    def publish(
        self, bus: str, source: str, detail_type: str, detail: dict[str, Any], **more: Any
    ) -> str:
        """Put one event on a bus; `more` are further fields of the event."""
        self._count += 1
        now = self._run.clock.now()
        event = Event(
            {
                "version": "0",
                "id": f"00000000-0000-4000-8000-{self._count:012d}",
                "detail-type": detail_type,
                "source": source,
                "account": "123456789012",
                "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "region": "eu-central-1",
                "resources": [],
                "detail": detail,
                **more,
            }
        )
        if bus != "default" and "replay-name" not in more:
            self.archive.append(event)
        self._run.note(f"event {event.content['id']} {detail_type} {_event_id(detail)}")
        self.route(bus, event)
        return str(event.content["id"])

    def route(self, bus: str, event: Event) -> None:
        for rule in self._rules.get(bus, ()):
            if matches(rule.pattern, event.content):
                for target in rule.targets:
                    self._send(rule, target, event)

    def replay(self, bus: str, event: Event) -> None:
        """The archive gives an event once more, with the replay's name."""
        self._run.note(f"replayed {event.content['id']}")
        self.route(bus, Event(event.content | {"replay-name": "again"}))

    def deliver_letter(self, attributes: Mapping[str, str], body: str) -> None:
        """Hand the event of a letter over to the target that it was for."""
        event = Event(msgspec.json.decode(body))
        for rules in self._rules.values():
            for rule in rules:
                for target in rule.targets:
                    if (rule.arn, target.arn) == (attributes["RULE_ARN"], attributes["TARGET_ARN"]):
                        self._hand_over(rule, target, event)

    def _send(self, rule: RuleSpec, target: TargetSpec, event: Event) -> None:
        run, place = self._run, f"{rule.name} {target.id}"
        times = [run.rng.uniform(0.01, 0.5)]
        if run.hits("doubled", place):
            times.append(run.faults.between(0.05, 900.0))
        if run.hits("late", place):
            times[0] = run.faults.between(1.0, 300.0)
        if run.hits("very late", place):
            times[0] = run.faults.between(300.0, 20_000.0)
        for delay in times:
            deliver = partial(self._deliver, rule, target, event, run.clock.seconds, 0)
            run.scheduler.later(delay, deliver)

    def _deliver(
        self, rule: RuleSpec, target: TargetSpec, event: Event, started: float, tries: int
    ) -> None:
        run, now, key = self._run, self._run.clock.seconds, (rule.name, target.id)
        if run.hits("target down", f"{rule.name} {target.id}"):
            if run.faults.below(_OUTLASTED) == 0:
                # So long that the rule gives up: nothing else happens to this event until then.
                run.scheduler.later(
                    float(target.max_age_seconds),
                    lambda: self.write_letter(rule, target, event, "THROTTLED"),
                )
                return
            self._down_until[key] = now + run.faults.between(60.0, 900.0)
        down = run.faults.on and now < self._down_until.get(key, 0.0)
        throttled = run.hits("target throttled", f"{rule.name} {target.id}")
        if not down and not throttled:
            if not self._hand_over(rule, target, event):
                self.write_letter(rule, target, event, "NO_PERMISSIONS")
            return
        wait = min(_FIRST_RETRY_SECONDS * 2**tries, _RETRY_SECONDS_MAX)
        aged = now + wait - started > target.max_age_seconds
        if tries >= target.max_attempts or aged:
            self.write_letter(rule, target, event, "THROTTLED")
        else:
            run.scheduler.later(
                wait, lambda: self._deliver(rule, target, event, started, tries + 1)
            )

    def _hand_over(self, rule: RuleSpec, target: TargetSpec, event: Event) -> bool:
        """False where the target does not let the rule in; that is not tried again."""
        run = self._run
        assert target.input_path is None, "a target's input path is not simulated"
        assert target.transformer is None, "a target's transformer is not simulated"
        if not self._let_in(rule, target):
            return False
        match target.kind:
            case "queue":
                run.queues.named[target.name].send(event.body)
            case "machine":
                run.machines.start(target.name, event.content)
            case "firehose":
                run.trail.append(target.name, event.body)
            case "topic":
                run.told.append((target.name, event.body))
        return True

    def _let_in(self, rule: RuleSpec, target: TargetSpec) -> bool:
        """By the target's own policy, or by the role that the rule takes on."""
        run = self._run
        if target.kind in _BY_POLICY:
            return run.permissions.service_allows(
                "events.amazonaws.com", _BY_POLICY[target.kind], target.arn, rule.arn
            )
        if target.kind not in _BY_ROLE:
            raise NotUnderstood(rule.name, f"a {target.kind} as target")
        role = target.role or ""
        run.takes_role("events.amazonaws.com", role, rule.arn)
        return run.permissions.allows(role, _BY_ROLE[target.kind], target.arn)

    def write_letter(self, rule: RuleSpec, target: TargetSpec, event: Event, code: str) -> None:
        run = self._run
        letters = target.letters
        if letters is None or not run.permissions.service_allows(
            "events.amazonaws.com", "sqs:SendMessage", run.plan.queues[letters].arn, rule.arn
        ):
            run.note(f"{rule.name} forgets {event.content['id']}")
            return
        run.queues.named[letters].send(
            event.body,
            {"ERROR_CODE": code, "RULE_ARN": rule.arn, "TARGET_ARN": target.arn},
        )


def _size(entry: dict[str, Any]) -> int:
    detail = entry["Detail"]
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return len(text.encode()) + len(entry["Source"]) + len(entry["DetailType"]) + 14


def _event_id(detail: dict[str, Any]) -> str:
    meta = detail.get("meta")
    return str(meta.get("event_id", "")) if isinstance(meta, dict) else ""
