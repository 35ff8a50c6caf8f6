"""A pipe: stream records in batches through a function onto a bus."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tests.simulation.plan import PipeSpec
from tests.simulation.services.streams import Reader, Reading

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_BUS_ENTRIES_MAX = 10


def reader_of(run: "CloudRun", spec: PipeSpec) -> Reader:
    reading = Reading(
        spec.name,
        spec.source_table,
        spec.filters,
        spec.batch_size,
        spec.window_seconds,
        spec.bisect,
        spec.max_retries,
        spec.max_age_seconds,
        spec.letters,
        spec.role,
    )
    return Reader(run, reading, Pipe(run, spec).deliver)


class Pipe:
    def __init__(self, run: "CloudRun", spec: PipeSpec) -> None:
        self._run = run
        self._spec = spec
        run.takes_role("pipes.amazonaws.com", spec.role, spec.arn)
        assert spec.input_template is None, "a pipe with a template is not simulated"

    def deliver(self, records: list[dict[str, Any]], done: Callable[[bool], None]) -> None:
        """The enrichment first, then its answer; all of it or the whole batch again."""
        run, spec = self._run, self._spec
        if not run.may_read_stream(spec.role, spec.source_table):
            done(False)
        elif spec.enrichment is None:
            self._put(records, done)
        elif run.hits("throttle", f"{spec.name} invokes") or not run.permissions.allows(
            spec.role, "lambda:InvokeFunction", run.plan.functions[spec.enrichment].arn
        ):
            done(False)
        else:
            run.functions.invoke(
                spec.enrichment, records, lambda result, error: self._enriched(result, error, done)
            )

    def _enriched(
        self, result: Any, error: BaseException | None, done: Callable[[bool], None]
    ) -> None:
        if error is not None:
            done(False)
        elif not result:
            done(True)
        else:
            details = result if isinstance(result, list) else [result]
            self._put(details, done)

    def _put(self, details: list[Any], done: Callable[[bool], None]) -> None:
        run, spec = self._run, self._spec
        if len(details) > _BUS_ENTRIES_MAX or run.hits("throttle", f"{spec.name} puts"):
            done(False)
            return
        entries = [
            {
                "EventBusName": spec.target_bus,
                "Source": spec.source,
                "DetailType": spec.detail_type,
                "Detail": msgspec.json.encode(detail).decode(),
            }
            for detail in details
        ]
        if not run.permitted(spec.role, "PutEvents", {"Entries": entries}):
            done(False)
            return
        answer = run.bus.put_events(Entries=entries)
        if run.hits("crash after", f"{spec.name} puts"):
            done(False)
            return
        done(answer["FailedEntryCount"] == 0)
