"""A way from the functions to the engine on which calls are refused, and replies get lost after
the work was done.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_server
from typing import Any, NamedTuple

import local
from local import engine
from tests.engine.live import eventually
from tests.engine.stopping import stop_engine

START_SECONDS = 20.0

# Code and HTTP status.
type Error = tuple[str, int]


class _Place(NamedTuple):
    service: str
    operation: str | None
    resource: str | None


class FaultyWay:
    """`microburst` between the functions and the engine."""

    def __init__(self, url: str) -> None:
        self.url = url

    def lose_replies(
        self,
        service: str,
        operation: str | None,
        share: float = 1.0,
        times: int | None = None,
        resource: str | None = None,
    ) -> None:
        """From now on, of this share of the calls, the connection breaks within the reply.

        `times`: so often at most. Service "*" and no operation are all of them.
        """
        lost = {"abort_frac": 0.5}
        self._add(_Place(service, operation, resource), share, times, response=lost)

    def refuse(
        self,
        service: str,
        operation: str,
        error: Error,
        share: float = 1.0,
        times: int | None = None,
        resource: str | None = None,
    ) -> None:
        """From now on, of this share of the calls, nothing is done, and this is the answer."""
        code, status = error
        answer = {"code": code, "status": status}
        self._add(_Place(service, operation, resource), share, times, error=answer)

    def preset(self, name: str) -> None:
        """One of microburst's own, such as kms-outage."""
        self._call("POST", f"presets/{name}", {})

    def clear(self) -> None:
        """All calls pass again."""
        self._call("POST", "rules", [])

    def faults(self) -> dict[str, int]:
        """How often a call was refused or its reply lost, by operation, since `forget`."""
        counted: dict[str, int] = {}
        for fault in self._call("GET", "fired?limit=10000"):
            counted[fault["operation"]] = counted.get(fault["operation"], 0) + 1
        return counted

    def forget(self) -> None:
        self._call("DELETE", "fired")

    def answers(self) -> bool:
        try:
            self._call("GET", "health")
        except OSError:
            return False
        return True

    def _add(self, place: _Place, share: float, times: int | None, **effect: Any) -> None:
        rule = place._asdict() | {"times": times} | effect
        known = {name: value for name, value in rule.items() if value is not None}
        self._call("PATCH", "rules", [known | {"probability": share}])

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
