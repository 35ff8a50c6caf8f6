"""The routes that read, as the API asks for them."""

from typing import TYPE_CHECKING

from samples.envelopes import api_request
from tests.simulation import deployment
from tests.simulation.doors import CALLER
from tests.simulation.errands.messages import Sender, naming

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_ACCOUNT = "A-1001"


def questions(run: "CloudRun", sender: Sender) -> None:
    never = sender.message("0120")
    # What waits is no booking, so that its payment is found by the keys of the message.
    waiting = sender.follow(never, "0420", de90=naming(never, "0100"))
    sender.deliver(*sender.kinds().values(), waiting)
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
