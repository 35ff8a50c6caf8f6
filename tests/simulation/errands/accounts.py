"""An account is opened by an order, and reference data is loaded once more."""

from typing import TYPE_CHECKING

from samples import make_reference
from tests.simulation import deployment
from tests.simulation.errands.messages import Sender
from tests.simulation.scenario import BUSY

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_OPENED = "A-9001"


def accounts(run: "CloudRun", _sender: Sender) -> None:
    _open(run)
    _load(run)


def _open(run: "CloudRun") -> None:
    product = deployment.account_row(BUSY[0])["product"]
    order = {"action": "open", "account_id": _OPENED, "currency": "EUR", "product": product}
    told = deployment.ask(run, "AccountFunction", order | {"by": "ann", "note": "a new customer"})
    assert told["result"] == "OPENED", told


def _load(run: "CloudRun") -> None:
    """Another limit, and a rule set that comes into force."""
    row = deployment.account_row(BUSY[0])
    limit = row["overdraft_limit"] + 1_234
    changed = {"action": "rows", "kind": "accounts", "version": 9}
    told = deployment.ask(
        run, "LoadReferenceFunction", changed | {"rows": [row | {"overdraft_limit": limit}]}
    )
    assert told["changed"] == 1, told
    rules = {"action": "rules", "rule_version": "v2", "rows": make_reference.rules()}
    assert not deployment.ask(run, "LoadReferenceFunction", rules)["errors"]
    order = {"action": "activate", "rule_version": "v2", "by": "ann", "note": "decided"}
    assert deployment.ask(run, "LoadReferenceFunction", order)["was"] == "v1"
