"""A scheme's file that pays for more than was booked; two people move the difference away."""

from typing import TYPE_CHECKING, Any

from tests.simulation import deployment
from tests.simulation.errands.messages import Message, Sender

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_BOOKED, _PAID = 4_500, 64_500


def settling(run: "CloudRun", sender: Sender) -> None:
    since = run.clock.now().isoformat()
    bought = sender.message(de4=f"{_BOOKED:012}")
    sender.deliver(bought)
    order = {"file": _file(bought), "note": "daily", "booked_since": since}
    _settle(run, order, by="ann")
    asked = _settle(run, order, by="ann", repair=True)
    agreed = _settle(run, order, by="bob", repair=True, approve=True)
    assert asked["repairs"][0]["result"] == "WAITS_FOR_APPROVAL", asked
    assert agreed["repairs"][0]["result"] == "CORRECTED", agreed
    # The next file is told what this one has paid.
    again = _file(bought) | {"file_id": "ERRAND-2"}
    told = _settle(run, order | {"file": again}, by="ann")
    assert told["kinds"], told


def _settle(run: "CloudRun", order: dict[str, Any], **more: Any) -> Any:
    told = deployment.ask(run, "SettleFunction", order | more)
    assert told["result"] == "SETTLED", told
    deployment.settle(run)
    return told


def _file(bought: Message) -> dict[str, Any]:
    de = bought["de"]
    reference = {"acquirer": de["32"], "rrn": de["37"], "stan": de["11"]}
    line = {"n": 1, "reference": reference, "amount": _PAID}
    return {
        "network": bought["network"],
        "settlement_date": "2026-11-21",
        "file_id": "ERRAND",
        "lines": [line | {"currency": "EUR", "direction": "DEBIT"}],
        "totals": [{"currency": "EUR", "lines": 1, "debits": _PAID, "credits": 0}],
    }
