"""What a process makes once: the seam, the plan, the handlers, and a ledger in use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.reference import BATCHED
from samples import make_reference
from samples.event_story import merchant_categories
from tests.simulation.cloud import CloudRun, Deployment, Streams
from tests.simulation.functions import Deployed
from tests.simulation.permissions import Permissions
from tests.simulation.scenario import BATCHED_ONES, FIRST_CARD, KNOWN
from tests.simulation.seam import SEAM
from tests.simulation.template import deployed as deployed_template

type Amend = Callable[[str, str, dict[str, Any]], dict[str, Any]]

_CATEGORIES = ("5411", "6011", "5812", "7995")


@dataclass(frozen=True, slots=True)
class Base:
    """The deployment, and the state that each run starts from."""

    deployment: Deployment
    tables: dict[str, dict[tuple[str, ...], Any]]
    objects: dict[str, dict[str, list[tuple[str, bytes]]]]
    began: float


def deploy(
    changes: Callable[[dict[str, Any]], None] | None = None, amend: Amend | None = None
) -> Base:
    """Deploy the template, changed or not, load reference data, and book the opening money."""
    SEAM.install()
    plan = deployed_template(changes)
    deployment = Deployment(plan, Permissions(plan), Deployed(), amend)
    run = CloudRun(deployment, SEAM.clock, Streams.of(0))
    run.faults.on = False
    SEAM.cloud = run
    deployment.deployed.load(plan.functions, run.import_as)
    run.import_as(None)
    SEAM.quieten()
    load_all(run)
    settle(run)
    assert not run.books.unfolded(), "the base is not folded"
    assert not run.books.unannounced(), "the base is not announced"
    return Base(deployment, run.database.keep(), run.buckets.objects, run.clock.seconds)


def settle(run: CloudRun) -> None:
    """Until nothing but the schedules is left."""
    while run.scheduler.waiting > run.schedules.pending:
        run.scheduler.step(float("inf"))


def load_all(run: CloudRun) -> None:
    accounts = [account_row(each) for each in KNOWN]
    load(run, "products", make_reference.products())
    # As the command line begins: it is told the number of the load, which is the first.
    ask(run, "LoadReferenceFunction", {"action": "begin"})
    load(run, "accounts", accounts)
    load(run, "cards", cards_of(KNOWN))
    load(run, "merchants", make_reference.merchants())
    categories = [row for row in merchant_categories() if row["mcc"] in _CATEGORIES]
    load(run, "mcc", categories)
    load(run, "holds", [row | _brief(row) for row in make_reference.holds()])
    load(run, "fx", make_reference.fx())
    rules = {"action": "rules", "rule_version": "v1", "rows": make_reference.rules()}
    ask(run, "LoadReferenceFunction", rules)


def account_row(account_id: str) -> dict[str, Any]:
    """As it is loaded at first."""
    (row,) = [each for each in make_reference.accounts() if each["account_id"] == account_id]
    return row | ({"posting_mode": BATCHED} if account_id in BATCHED_ONES else {})


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """Holds of fuel pumps expire within the time that a run takes."""
    return {"hours": 1} if row["mcc"] == "5542" else {}


def cards_of(account_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"card_number": FIRST_CARD[each].card_number, "account_id": each} for each in account_ids
    ]


def load(run: CloudRun, kind: str, rows: list[dict[str, Any]]) -> Any:
    event = {"action": "rows", "kind": kind, "version": 1, "rows": rows}
    return ask(run, "LoadReferenceFunction", event)


def ask(run: CloudRun, function: str, event: Any) -> Any:
    """Invoke from outside all tasks, and let the run go on until the answer is there."""
    answers: list[tuple[Any, BaseException | None]] = []
    run.functions.invoke(function, event, lambda result, error: answers.append((result, error)))
    while not answers:
        assert run.scheduler.step(float("inf")), f"{function} never answers"
    result, error = answers[0]
    if error is not None:
        raise error
    return result
