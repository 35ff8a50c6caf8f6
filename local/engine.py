"""The embedded engine: MiniStack in its own interpreter, started clean and stopped by its id.

It has a virtual environment of its own because it pins botocore, and because its function workers
import whatever stands there: a requirement missing from `src/` must not be found by accident.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import folders, records, running
from local.errors import LocalError

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 (the engine's documented root credentials, worth nothing elsewhere)
DEFAULT_PORT = 4600
PORT_VARIABLE = "POSTING_PORT"
# State is written on the way down; a large journal takes some seconds.
STOP_SECONDS = 60.0
START_SECONDS = 30.0
HEALTH_SECONDS = 5.0
# A warm worker costs about 60 MB. Two minutes keep a busy function warm and let a burst shrink.
WORKER_IDLE_SECONDS = 120
# The engine is an ASGI application. Its own command serves it with a parser in Python; this
# server's is in C, and a request costs the engine half as much. It ends open connections after a
# grace time. The application comes with the mends of `local/mends`, found beside this file by the
# engine's process alone: on the import path in the environment, its workers would inherit them.
SERVER = (
    *("-m", "uvicorn", "mends.served:app", "--app-dir", str(Path(__file__).parent)),
    *("--lifespan", "on", "--no-access-log", "--no-proxy-headers", "--no-server-header"),
    *("--loop", "uvloop", "--http", "httptools", "--log-level", "warning"),
    *("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "3"),
)


def start(upstream_of_functions: str | None = None) -> str:
    """Start the engine unless it runs and answers; give its URL.

    `upstream_of_functions`: where the functions' own AWS calls go instead of straight to the
    engine, so that tests can put a fault injector between them.
    """
    if (url := url_if_healthy()) is not None:
        return url
    stop()
    bin_folder = executables()
    _forget_stream_places()
    with _choosing():
        port = _choose_port()
        started = running.launch(
            [str(bin_folder / "python"), *SERVER, "--host", HOST, "--port", str(port)],
            _environment(port, bin_folder, upstream_of_functions),
            folders.inside(folders.ENGINE_LOG),
        )
        records.write(
            folders.inside(folders.ENGINE_RECORD),
            {"pid": started.pid, "born": started.born, "port": port},
        )
        _wait_until_healthy(started, port)
    return _url(port)


@contextlib.contextmanager
def _choosing() -> Iterator[None]:
    """Nobody else who starts an engine chooses its port until this one listens on its own.

    Else two that start at one moment would both take a free port, and one would then speak to the
    other's engine.
    """
    path = Path(tempfile.gettempdir()) / f"posting-port-{os.getuid()}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop() -> None:
    """Stop the engine, its state written; nothing happens when none runs."""
    record = folders.inside(folders.ENGINE_RECORD)
    found = running.recorded(record)
    if found is None or not found[0].pid:
        return
    process, content = found
    process.stop(STOP_SECONDS)
    # Function workers outlive an engine that was killed.
    process.end_group()
    # The port is kept: queue addresses in the saved state hold it.
    records.write(record, {"pid": 0, "born": "", "port": content["port"]})


def process() -> running.Running | None:
    """The engine's process, dead or alive; None when it was never started or was stopped."""
    found = running.recorded(folders.inside(folders.ENGINE_RECORD))
    return found[0] if found is not None and found[0].pid else None


def url_if_healthy() -> str | None:
    """The URL of the running engine; None when it is not running or does not answer."""
    found = running.recorded(folders.inside(folders.ENGINE_RECORD))
    if found is None or not found[0].alive():
        return None
    port = int(found[1]["port"])
    return _url(port) if health(port) is not None else None


def complaint() -> str | None:
    """What is wrong with an engine that should be running, with the remedy; None when all is well.

    An engine that was never started, or was stopped, is well.
    """
    started = process()
    if started is None or url_if_healthy() is not None:
        return None
    fault = "does not answer" if started.alive() else "has died"
    log = folders.inside(folders.ENGINE_LOG)
    return f"the engine (process {started.pid}) {fault}: './posting up' restarts it; log: {log}"


def health(port: int) -> dict[str, Any] | None:
    """What the engine says of itself; None when nobody answers."""
    try:
        with urllib.request.urlopen(  # noqa: S310 (a literal http address of this machine)
            f"{_url(port)}/_ministack/health", timeout=HEALTH_SECONDS
        ) as answer:
            return dict(json.load(answer))
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"


def _forget_stream_places() -> None:
    """Let event source mappings read their streams from the beginning.

    The engine saves how many records of a stream a mapping has read, and not the records: with the
    number kept, as many new records would be taken for read.
    """
    path = folders.inside("state") / "lambda.json"
    saved = records.read(path)
    if saved is not None and saved["payload"]["dynamodb_stream_positions"]["data"]:
        saved["payload"]["dynamodb_stream_positions"]["data"] = {}
        records.write(path, saved)


def _choose_port() -> int:
    forced = os.environ.get(PORT_VARIABLE)
    if forced:
        if not forced.isdigit() or not 0 < int(forced) < 65536:
            raise LocalError(f"{PORT_VARIABLE}={forced} is no port: give a number up to 65535")
        if not _free(int(forced)):
            raise LocalError(
                f"port {forced} is taken: free it, or unset {PORT_VARIABLE} to have one chosen"
            )
        return int(forced)
    last = records.read(folders.inside(folders.ENGINE_RECORD)) or {}
    for port in (int(last.get("port", DEFAULT_PORT)), DEFAULT_PORT):
        if _free(port):
            return port
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    try:
        with socket.create_server((HOST, port)):
            return True
    except OSError:
        return False


def executables() -> Path:
    """The folder of the engine's commands, in its own virtual environment."""
    name = os.environ.get("POSTING_ENGINE_VENV")
    venv = Path(name) if name else folders.ROOT / ".local" / "engine-venv"
    bin_folder = venv / "bin"
    if not (bin_folder / "ministack").exists():
        raise LocalError(f"the engine is not installed in {venv}: run 'make install'")
    return bin_folder


def _environment(port: int, bin_folder: Path, upstream: str | None) -> dict[str, str]:
    """A clean environment: the function workers inherit all of it."""
    system = [str(Path(found).parent) for found in (shutil.which("env"),) if found]
    # Holds the unpacked code of workers; those of an engine that was killed stay behind.
    scratch = folders.inside("tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    environment = {
        "PATH": os.pathsep.join([str(bin_folder), *system, "/usr/bin", "/bin"]),
        "HOME": str(folders.home()),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        # Some operations put a word before the host's name, and the engine's is an address.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(folders.inside("state")),
        "S3_DATA_DIR": str(folders.inside("s3")),
        "LAMBDA_WARM_TTL_SECONDS": str(WORKER_IDLE_SECONDS),
    }
    if upstream is not None:
        environment["AWS_ENDPOINT_URL"] = upstream
    return environment


def _wait_until_healthy(started: running.Running, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    log = folders.inside(folders.ENGINE_LOG)
    while time.monotonic() < deadline:
        if not started.alive():
            stop()
            raise LocalError(f"the engine ended at once: read why in {log}, then repeat")
        if health(port) is not None:
            return
        time.sleep(0.1)
    stop()
    raise LocalError(f"the engine did not answer in {START_SECONDS:.0f} s: read why in {log}")
