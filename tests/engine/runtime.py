"""A built function under the real Lambda runtime, without Docker: awslambdaric, and the interface
emulator that ships with the SAM CLI.

The interpreter sees the artefact and what the managed runtime brings, nothing of this project's
virtual environment: a requirement that was not built in is missing here as it would be on AWS.
"""

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import samcli  # type: ignore[import-untyped]

from bench import managed

START_SECONDS = 30.0
INVOKE_SECONDS = 120.0


class Runtime:
    """One function instance; the first invocation is a cold start."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"

    def invoke(self, event: Any) -> Any:
        """The function's answer, or what the runtime says of an error: errorType, stackTrace."""
        request = urllib.request.Request(self._url, json.dumps(event).encode())  # noqa: S310
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=INVOKE_SECONDS) as answer:  # noqa: S310
                    return json.loads(answer.read() or b"null")
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                assert time.monotonic() < deadline, "the runtime did not start"
                time.sleep(0.05)


@contextmanager
def running(
    artefact: Path, handler: str, settings: Mapping[str, str], folder: Path
) -> Iterator[Runtime]:
    """The function's own settings are its whole environment. `folder` takes its log."""
    port, api = _free_ports(2)
    command = [
        *(str(_emulator(folder)), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{api}"),
        # -S: no site-packages at all, and so neither ours nor the machine's.
        *(str(Path(sys.executable).resolve()), "-S", "-m", "awslambdaric", handler),
    ]
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join([str(artefact), str(managed.folder_of(folder / "managed"))]),
        "LAMBDA_TASK_ROOT": str(artefact),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "120",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        **settings,
    }
    with (folder / f"{handler}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=artefact,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Runtime(port)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _emulator(folder: Path) -> Path:
    """An executable copy: the package ships it without the right to run."""
    kind = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    copy = folder / "aws-lambda-rie"
    if not copy.exists():
        source = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{kind}"
        shutil.copy(source, copy)
        copy.chmod(0o755)
    return copy


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
