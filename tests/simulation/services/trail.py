"""Firehose: records are collected for a while and written as one object of lines, by the hour."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


class Trail:
    def __init__(self, run: "CloudRun") -> None:
        self._run = run
        self._collected: dict[str, list[str]] = {name: [] for name in run.plan.firehoses}
        self._count = 0

    @property
    def empty(self) -> bool:
        return not any(self._collected.values())

    def append(self, stream: str, body: str) -> None:
        waiting = self._collected[stream]
        if not waiting:
            window = self._run.plan.firehoses[stream].window_seconds
            self._run.scheduler.later(float(window), lambda: self._write(stream))
        waiting.append(body)

    def _write(self, stream: str) -> None:
        run, spec = self._run, self._run.plan.firehoses[stream]
        lines, self._collected[stream] = self._collected[stream], []
        self._count += 1
        key = f"{run.clock.now():%Y/%m/%d/%H}/{stream}-{run.clock.now():%M-%S-%f}-{self._count}"
        run.takes_role("firehose.amazonaws.com", spec.role, spec.arn)
        if not run.permitted(spec.role, "PutObject", {"Bucket": spec.bucket, "Key": key}):
            run.note(f"{stream} may not write {key}")
            return
        content = "".join(f"{line}{spec.delimiter}" for line in lines).encode()
        run.buckets.put(spec.bucket, key, content)
