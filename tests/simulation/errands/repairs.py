"""What the schedules start, the sums anew, and the repairs of a drain."""

from typing import TYPE_CHECKING

from tests.simulation import deployment
from tests.simulation.drain import Drain
from tests.simulation.errands.messages import Sender

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


def repairs(run: "CloudRun", sender: Sender) -> None:
    sender.deliver(*sender.kinds().values())
    for spec in run.plan.schedules:
        run.schedules.start(spec)
    deployment.settle(run)
    key = _miscounted(run)
    told = deployment.ask(run, "RebuildBalancesFunction", {"resum": True})
    assert list(told["corrected"]) == [key], told
    Drain(run, None).repair()  # type: ignore[arg-type]
    deployment.settle(run)


def _miscounted(run: "CloudRun") -> str:
    """Somebody has changed the sum of an internal account by hand; which one that is."""
    rows = run.database.tables["BalancesTable"].items
    key = min(each for each, row in rows.items() if row.get("account_kind") == {"S": "internal"})
    rows[key] = rows[key] | {"posted_d": {"N": "111"}}
    return f"{rows[key]['account']['S']} {rows[key]['currency']['S']}"
