"""Bringing the whole system up and down: engine, stack, companion."""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import aws, deployed, engine, folders, records, running, shortfalls, stack
from local.endpoint import Endpoint
from local.errors import LocalError

Progress = Callable[[str], None]

COMPANION_START_SECONDS = 30.0
COMPANION_STOP_SECONDS = 20.0
# Work under way is let finish before a stop: the engine keeps tables and queues, but no stream.
QUIET_SECONDS = 1.0
DRAIN_SECONDS = 60.0
POLL_SECONDS = 0.2


def _silent(_line: str) -> None:
    return


def up(progress: Progress = _silent, upstream_of_functions: str | None = None) -> Endpoint:
    """Start what does not run, deploy what changed; raises `LocalError` with one line.

    `upstream_of_functions`: see `local.engine.start`.
    """
    with _alone():
        if (complaint := engine.complaint()) is not None:
            progress(f"{complaint.split(':')[0]}; starting again from its last clean stop")
        if engine.url_if_healthy() is None:
            progress("starting the engine")
            _stop_companion()
            folders.inside(folders.MEMORY_RECORD).unlink(missing_ok=True)
        found = _endpoint_at(engine.start(upstream_of_functions))
        if stack.deploy(found, progress) or not _companion_runs():
            progress("starting the pipes")
            _stop_companion()
            shortfalls.make_up(found, deployed.read(found))
            _start_companion()
    return found


def down(progress: Progress = _silent) -> None:
    """Let the work under way finish, then stop everything; harmless when nothing runs."""
    with _alone():
        found = endpoint()
        if found is not None and _companion_runs():
            progress("letting the work under way finish")
            if not _drain(found):
                progress("some work is still under way: 'sweep' and 'republish' find it later")
        progress("stopping")
        _stop_companion()
        engine.stop()


def endpoint() -> Endpoint | None:
    """How to reach the running engine; None when it does not run or does not answer."""
    url = engine.url_if_healthy()
    return None if url is None else _endpoint_at(url)


def status() -> dict[str, Any]:
    """What runs, and how the pipes and the memory stand; `complaints` is empty when all is well."""
    companion = running.recorded(folders.inside(folders.COMPANION_RECORD))
    complaints = [engine.complaint()]
    if companion is not None and not companion[0].alive():
        complaints.append(
            f"the pipe forwarder (process {companion[0].pid}) has died: './posting up' restarts "
            f"it; log: {folders.inside(folders.COMPANION_LOG)}"
        )
    return {
        "engine": engine.url_if_healthy(),
        "companion": _companion_runs(),
        "pipes": (records.read(folders.inside(folders.COMPANION_STATUS)) or {}).get("pipes", {}),
        "memory": records.read(folders.inside(folders.MEMORY_RECORD)) or {},
        "complaints": [one for one in complaints if one],
    }


def _endpoint_at(url: str) -> Endpoint:
    return Endpoint(
        url=url,
        region=engine.REGION,
        stack_name=stack.name(),
        access_key=engine.ACCESS_KEY,
        secret_key=engine.SECRET_KEY,
        account=engine.ACCOUNT,
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two at once, from two terminals, would stop each other's processes."""
    with folders.inside("lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("another start or stop is under way: wait for it to end") from None
        yield


def _companion_runs() -> bool:
    found = running.recorded(folders.inside(folders.COMPANION_RECORD))
    return found is not None and found[0].alive()


def _start_companion() -> None:
    log = folders.inside(folders.COMPANION_LOG)
    status_file = folders.inside(folders.COMPANION_STATUS)
    status_file.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(folders.ROOT),
        "POSTING_LOCAL_HOME": str(folders.home()),
        "POSTING_LOCAL_PROJECT": str(folders.PROJECT),
    }
    started = running.launch([sys.executable, "-m", "local.companion"], environment, log)
    record = {"pid": started.pid, "born": started.born}
    records.write(folders.inside(folders.COMPANION_RECORD), record)
    deadline = time.monotonic() + COMPANION_START_SECONDS
    while not status_file.exists():
        if not started.alive() or time.monotonic() > deadline:
            _stop_companion()
            raise LocalError(f"the pipe forwarder did not start: {_last_line(log)} (log: {log})")
        time.sleep(POLL_SECONDS)


def _stop_companion() -> None:
    record = folders.inside(folders.COMPANION_RECORD)
    found = running.recorded(record)
    if found is not None:
        found[0].stop(COMPANION_STOP_SECONDS)
        record.unlink(missing_ok=True)


def _last_line(log: Any) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _drain(found: Endpoint) -> bool:
    """Wait until nothing moves: no message for a function, no record for a pipe."""
    deadline = time.monotonic() + DRAIN_SECONDS
    quiet_since: float | None = None
    while time.monotonic() < deadline:
        try:
            quiet = _pipes_idle() and not _messages(found)
        except (ClientError, BotoCoreError):
            return False
        quiet_since = (quiet_since or time.monotonic()) if quiet else None
        if quiet_since is not None and time.monotonic() - quiet_since > QUIET_SECONDS:
            return True
        time.sleep(POLL_SECONDS)
    return False


def _pipes_idle() -> bool:
    told = records.read(folders.inside(folders.COMPANION_STATUS)) or {}
    pipes = told.get("pipes", {}).values()
    return all(
        pipe["idle_since"] is not None and time.time() - pipe["idle_since"] > QUIET_SECONDS
        for pipe in pipes
    )


def _messages(found: Endpoint) -> int:
    """Messages that wait for a function or are with one."""
    sqs = aws.client(found, "sqs")
    mappings = aws.client(found, "lambda").list_event_source_mappings()["EventSourceMappings"]
    names = [
        arn.rpartition(":")[2] for one in mappings if ":sqs:" in (arn := one["EventSourceArn"])
    ]
    return sum(_depth(sqs, name) for name in names)


def _depth(sqs: Any, name: str) -> int:
    counts = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    return int(counts["ApproximateNumberOfMessages"]) + int(
        counts["ApproximateNumberOfMessagesNotVisible"]
    )
