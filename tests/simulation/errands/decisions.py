"""What people decide: about records, bookings and disputes; first without doing it."""

from typing import TYPE_CHECKING, Any

from tests.simulation import deployment
from tests.simulation.errands.messages import SINGLE_CARD, Sender, expect

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

# Above what one person may decide.
_MUCH = 30_000
_BUSY = SINGLE_CARD.account.account_id if SINGLE_CARD.account else ""


def decisions(run: "CloudRun", sender: Sender) -> None:
    sender.deliver(*sender.kinds().values())
    _foreseen(run)
    _suspended(run, sender)
    _parked(run, sender)
    _over_cleared(run, sender)
    (wrong, contested) = sender.deliver(
        sender.message(de4=f"{_MUCH:012}"), sender.message("0220", de4=f"{_MUCH:012}")
    )
    _corrected(run, wrong)
    _disputed(run, contested)


def _foreseen(run: "CloudRun") -> None:
    """What would become of each record that waits for a person."""
    for ingest_id in sorted({*run.books.parked_ids(), *run.books.suspended_ids()}):
        for action in ("release", "return", "discard"):
            _decide(run, action, ingest_id, dry_run=True)


def _decide(run: "CloudRun", action: str, ingest_id: str, **more: Any) -> Any:
    order = {"action": action, "ingest_id": ingest_id, "by": "operator", **more}
    told = deployment.ask(run, "ReleaseFunction", order)
    deployment.settle(run)
    return told


def _suspended(run: "CloudRun", sender: Sender) -> None:
    without_rate = sender.message(de49="764", de19="764")
    large = sender.message(de4="000000900000")
    returned, released = sender.deliver(without_rate, large)
    _decide(run, "release", returned, dry_run=True)
    _decide(run, "return", returned)
    _decide(run, "release", released)
    expect(run, {returned: "RETURN SUSPEND", released: "RESUME SUSPEND"})


def _parked(run: "CloudRun", sender: Sender) -> None:
    """A repeat is discarded; of two that contradict each other, the other one is let go."""
    one = sender.message(de39="05", de38=None)
    approved = one | {"de": one["de"] | {"39": "00", "38": "A1B2C3"}}
    (first,) = sender.deliver(one)
    again, other = sender.deliver(one)[0], sender.deliver(approved)[0]
    _decide(run, "discard", again)
    _decide(run, "release", other, dry_run=True)
    _decide(run, "release", other)
    expect(
        run,
        {first: "PARKED REJECTED DECLINED", again: "DISCARDED DUPLICATE REPEATED", other: "CLEAR"},
    )


def _over_cleared(run: "CloudRun", sender: Sender) -> None:
    """A clearing of more than was promised comes while the account is on hold."""
    held = sender.message("0120", de4=f"{6_000:012}")
    sender.deliver(held)
    _account(run, "HOLD_ALL")
    (clearing,) = sender.deliver(sender.follow(held, "0220", de4=f"{9_500:012}"))
    _account(run, "OPEN")
    expect(run, {clearing: "SUSPEND"})
    _decide(run, "release", clearing)
    expect(run, {clearing: "RESUME SUSPEND"})


def _account(run: "CloudRun", status: str) -> None:
    order = {"action": "status", "account_id": _BUSY, "status": status}
    told = deployment.ask(run, "AccountFunction", order | {"by": "ann", "note": "asked for"})
    assert told["result"] == "CHANGED", told


def _corrected(run: "CloudRun", ingest_id: str) -> None:
    """One asks, and another one agrees."""
    order = {"header_id": _header(run, ingest_id), "change": {"void": True}, "note": "wrong"}
    asked = deployment.ask(run, "CorrectFunction", order | {"by": "ann"})
    done = deployment.ask(run, "CorrectFunction", order | {"by": "bob", "approve": True})
    assert (asked["result"], done["result"]) == ("WAITS_FOR_APPROVAL", "CORRECTED"), (asked, done)


def _disputed(run: "CloudRun", ingest_id: str) -> None:
    """Opened, and lost again."""
    order = {"id": _header(run, ingest_id), "amount": _MUCH, "currency": "EUR", "reason": "10.4"}
    for action, end in (("open", "OPENED"), ("lose", "LOST")):
        ordered = order | {"action": action, "note": "contested"}
        asked = deployment.ask(run, "DisputeFunction", ordered | {"by": "ann"})
        done = deployment.ask(run, "DisputeFunction", ordered | {"by": "bob", "approve": True})
        assert (asked["result"], done["result"]) == ("WAITS_FOR_APPROVAL", end), (asked, done)


def _header(run: "CloudRun", ingest_id: str) -> str:
    rows = run.books.rows("JournalTable")
    (found,) = [r["pk"] for r in rows if r["sk"] == "H" and r["ingest_id"] == ingest_id]
    return str(found)
