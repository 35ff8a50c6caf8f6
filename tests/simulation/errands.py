"""What operators and callers do beside the flow: doors, questions, letters, orders that only look.

For the proof that every grant of the template is used; the course of the money is the seeds' part.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samples.envelopes import api_request
from samples.invocations import batched
from tests.simulation import deployment
from tests.simulation.doors import CALLER
from tests.simulation.drain import Drain
from tests.simulation.services.bus import Event
from tests.simulation.services.streams import Reader

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_ACCOUNT = "A-1001"
_SAMPLE = Path(__file__).parents[2] / "events" / "TransactionPostingApproved.json"
_ALL_DOORS = {"doors": ["api", "files", "posting"], "by": "operator"}


def errands(run: Any) -> None:
    """After a run that has come to rest, and without faults."""
    _doors(run)
    _questions(run)
    _orders(run)
    _letters(run)
    _repairs(run)


def _doors(run: "CloudRun") -> None:
    for action in ("pause", "resume"):
        deployment.ask(run, "DoorsFunction", _ALL_DOORS | {"action": action})
    deployment.settle(run)


def _questions(run: "CloudRun") -> None:
    """The routes that read, as the API asks for them."""
    parked_ids = sorted(run.books.parked_ids())
    ingest_ids = [*parked_ids, *sorted(run.books.booked_ids())]
    for route in run.plan.routes:
        run.may_call(route)
        if route.method != "GET":
            continue
        for path in _paths(route.path, ingest_ids, parked_ids):
            request = api_request("GET", route.path, CALLER, path=path)
            if route.path.endswith("/statements"):
                request["queryStringParameters"] = {"from": "2026-11-01", "to": "2026-11-30"}
            answer = deployment.ask(run, route.function, request)
            assert answer["statusCode"] == 200, (route.path, answer)


def _paths(route: str, ingest_ids: list[str], parked_ids: list[str]) -> list[dict[str, str] | None]:
    """What stands for the names in a route's path: some of the records, or an account."""
    records = [each for each in ingest_ids if each.startswith("ing_")]
    if "{id}" in route:
        return [{"id": each} for each in records]
    if "{ingest_id}" in route:
        return [{"ingest_id": each} for each in parked_ids]
    return [{"account_id": _ACCOUNT} if "{account_id}" in route else None]


def _orders(run: "CloudRun") -> None:
    """What would become of each record, if somebody decided now."""
    for ingest_id in sorted({*run.books.parked_ids(), *run.books.suspended_ids()}):
        for action in ("release", "return", "discard"):
            order = {"action": action, "ingest_id": ingest_id, "by": "operator", "dry_run": True}
            deployment.ask(run, "ReleaseFunction", order)


def _letters(run: "CloudRun") -> None:
    """One letter in each queue of letters, and redrive for each."""
    for reader in run.readers:
        _given_up(reader)
    for rule in run.plan.rules:
        for target in rule.targets:
            run.bus.write_letter(rule, target, _event_for(run, rule.pattern), "THROTTLED")
    for spec in run.plan.schedules:
        run.schedules.fail(spec)
    fed = {each.letters for each in run.plan.queues.values()}
    fed |= {each.letters for each in run.plan.buses.values()}
    for letters in sorted(each for each in fed if each is not None):
        queue = run.queues.named[letters]
        queue.lay((_approved() if queue.spec.fifo else run.bus.archive[0]).body)
    for queue in run.queues.named.values():
        if queue.arrived is None:
            queue.lay("nothing that anybody could read")
    deployment.settle(run)
    _redriven(run)


def _redriven(run: "CloudRun") -> None:
    for name, queue in run.queues.named.items():
        if queue.messages and queue.arrived is None:
            deployment.ask(run, "RedriveFunction", {"queue": name})
            deployment.settle(run)


def _given_up(reader: Reader) -> None:
    if reader.taken:
        reader.write_letter(0, reader.taken[:1])


def _approved() -> Event:
    """Of a record of its own: one that is booked already would only be deleted."""
    return Event(batched(json.loads(_SAMPLE.read_text())))


def _event_for(run: "CloudRun", pattern: Any) -> Event:
    """One that the rule is for, if the run had such a one."""
    wanted = pattern.get("detail-type", [])
    fitting = [each for each in run.bus.archive if each.content["detail-type"] in wanted]
    return (fitting or run.bus.archive)[0]


def _repairs(run: "CloudRun") -> None:
    for spec in run.plan.schedules:
        run.schedules.start(spec)
    deployment.settle(run)
    deployment.ask(run, "RebuildBalancesFunction", {"resum": True})
    Drain(run, None).repair()  # type: ignore[arg-type]
    deployment.settle(run)
