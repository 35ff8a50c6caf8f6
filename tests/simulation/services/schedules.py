"""Schedules: a function at a steady rate, nobody waiting for its answer."""

import json
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import ScheduleSpec

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


class Schedules:
    """A run that could find nothing to do is left out, but for some: it would change nothing, but
    for the minute up to which the sweep has accounted for everything.

    `sparing` is the share of those that run all the same, so that this is not taken on trust.
    """

    def __init__(self, run: "CloudRun", sparing: float) -> None:
        self.pending = 0
        self.on = True
        self._run = run
        self._sparing = sparing
        for spec in run.plan.schedules:
            if spec.enabled:
                self._tick(spec, run.rng.uniform(0, spec.every_seconds))

    def _tick(self, spec: ScheduleSpec, delay: float) -> None:
        self.pending += 1
        self._run.scheduler.later(delay, lambda: self._fire(spec))

    def _fire(self, spec: ScheduleSpec) -> None:
        self.pending -= 1
        run = self._run
        self._tick(spec, spec.every_seconds)
        if not self.on:
            return
        wanted = spec.kind == "function" and run.books.anything_for(spec.target)
        if not wanted and run.rng.random() >= self._sparing:
            run.books.leave_out(spec.target)
            return
        self.start(spec)

    def start(self, spec: ScheduleSpec) -> None:
        run = self._run
        if spec.kind == "machine":
            arn, action = run.plan.machines[spec.target].arn, "states:StartExecution"
        else:
            arn, action = run.plan.functions[spec.target].arn, "lambda:InvokeFunction"
        run.takes_role(spec.service, spec.role or "", spec.source_arn)
        if not run.permissions.allows(spec.role or "", action, arn):
            run.note(f"{spec.name} may not start {spec.target}")
        elif spec.kind == "machine":
            run.machines.start(spec.target, spec.input or {})
        else:
            self._invoke(spec, 0)

    def fail(self, spec: ScheduleSpec) -> None:
        """The scheduler could not start its target, and Lambda gave a run up."""
        run, event = self._run, spec.input or {"detail-type": "Scheduled Event"}
        if spec.letters is not None:
            run.leave_letter(spec.role or "", spec.letters, json.dumps(event))
        if spec.kind == "function":
            function = run.plan.functions[spec.function]
            if function.asynchronous.letters is not None:
                letter = self._letter(spec, event)
                run.leave_letter(function.role, function.asynchronous.letters, letter)

    def _invoke(self, spec: ScheduleSpec, tries: int) -> None:
        run = self._run
        asynchronous = run.plan.functions[spec.function].asynchronous

        def done(_result: object, error: BaseException | None) -> None:
            if error is None:
                return
            if tries < asynchronous.max_retries:
                run.scheduler.later(60.0 * (tries + 1), lambda: self._invoke(spec, tries + 1))
            elif asynchronous.letters is not None:
                role = run.plan.functions[spec.function].role
                run.leave_letter(role, asynchronous.letters, self._letter(spec, event))

        event = spec.input if spec.input is not None else {"detail-type": "Scheduled Event"}
        run.functions.invoke(spec.function, event, done)

    def _letter(self, spec: ScheduleSpec, event: Any) -> str:
        """What Lambda tells the failure destination of a run that nobody waited for."""
        context = {
            "functionArn": f"{self._run.plan.functions[spec.function].arn}:$LATEST",
            "condition": "RetriesExhausted",
        }
        return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": event})
