"""A way from the functions to the engine on which replies get lost after the work was done."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import local
from local import engine
from tests.engine.live import eventually
from tests.engine.stopping import stop_engine

START_SECONDS = 20.0


class FaultyWay:
    """`microburst` between the functions and the engine."""

    def __init__(self, url: str) -> None:
        self.url = url

    def lose_replies(
        self, service: str, operation: str, share: float, resource: str | None = None
    ) -> None:
        """From now on, of this share of the calls: the connection breaks within the reply."""
        rule = {
            "service": service,
            "operation": operation,
            "probability": share,
            "response": {"abort_frac": 0.5},
        }
        if resource is not None:
            rule["resource"] = resource
        self._call("PATCH", "rules", [rule])

    def lost(self) -> dict[str, int]:
        """How many replies were lost so far, by operation."""
        counted: dict[str, int] = {}
        for fault in self._call("GET", "fired?limit=10000"):
            counted[fault["operation"]] = counted.get(fault["operation"], 0) + 1
        return counted

    def answers(self) -> bool:
        try:
            self._call("GET", "health")
        except OSError:
            return False
        return True

    def _call(self, method: str, what: str, content: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 (an http address of this machine)
            f"{self.url}/_microburst/{what}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def faulty_way(log: Path) -> Iterator[FaultyWay]:
    """Start the engine again with its functions behind the faulty way, and without it after."""
    endpoint = local.endpoint()
    assert endpoint is not None
    with closing(create_server((engine.HOST, 0))) as probe:
        port = int(probe.getsockname()[1])
    command = str(Path(sys.executable).parent / "microburst")
    with log.open("wb") as output:
        process = subprocess.Popen(
            # It sends another Host, which breaks signatures: it signs anew, so that the functions
            # come as root here. What their roles allow is shown by every other test.
            [command, "--upstream", endpoint.url, "--port", str(port), "--resign"],
            env=os.environ | endpoint.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    way = FaultyWay(f"http://{engine.HOST}:{port}")
    try:
        eventually(way.answers, START_SECONDS)
        stop_engine()
        local.up(upstream_of_functions=way.url)
        yield way
    finally:
        stop_engine()
        process.kill()
        process.wait()
        local.up()
