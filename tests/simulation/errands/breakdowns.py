"""Functions break down one after the other: letters are written, and redriven or repaired."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from domain.errors import Unavailable
from tests.simulation import deployment
from tests.simulation.errands.messages import BATCHED_CARD, Sender, expect, outcome

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun


def breakdowns(run: "CloudRun", sender: Sender) -> None:
    # Else the sweep would go on and on with what stands still.
    run.schedules.on = False
    _late_in_enrich(run, sender)
    _lost_after_the_rules(run, sender)
    _unreadable(run)
    _unread_file(run, sender)
    _before_the_claim(run, sender, "RedriveFunction", {"queue": "InboxPipeDeadLetters"})
    _before_the_claim(run, sender, "SweepFunction", {"min_age_minutes": 1})
    _after_the_booking(run, sender)


@contextmanager
def _broken(run: "CloudRun", *functions: str) -> Iterator[None]:
    """A bad version of them is deployed: whatever they are given, they fail."""
    handlers = run.deployment.deployed.handlers
    kept = {name: handlers[name] for name in functions}

    def fail(_event: Any, _context: Any) -> Any:
        raise Unavailable("a bad version was deployed")

    handlers.update(dict.fromkeys(functions, fail))
    try:
        yield
        deployment.settle(run)
    finally:
        handlers.update(kept)


def _redrive(run: "CloudRun", queue: str) -> Any:
    told = deployment.ask(run, "RedriveFunction", {"queue": queue})
    deployment.settle(run)
    return told


def _late_in_enrich(run: "CloudRun", sender: Sender) -> None:
    """A record's letter is redriven when another record of its message is booked already."""
    one = sender.message(de39="05", de38=None)
    approved = one | {"de": one["de"] | {"39": "00", "38": "A1B2C3"}}
    with _broken(run, "EnrichFunction"):
        (declined,) = sender.deliver(one)
        (other,) = sender.deliver(approved)
    release = {"action": "release", "ingest_id": other, "by": "operator"}
    deployment.ask(run, "ReleaseFunction", release)
    deployment.settle(run)
    expect(run, {other: "CLEAR"})
    assert declined in _redrive(run, "EnrichDeadLetters")["resent"]
    expect(run, {declined: "PARKED FAILED BookedForAnotherRecord"})


def _lost_after_the_rules(run: "CloudRun", sender: Sender) -> None:
    """A workflow is said to have failed, and what it decided lies in letters, too."""
    one, batched = sender.message(), sender.message(card=BATCHED_CARD)
    with _broken(run, "PostFunction"):
        record, in_batch = sender.deliver(one, batched)
    _lay(run, "RulesDeadLetters", "TransactionEnriched", record)
    with _broken(run, "PostFunction"):
        assert record in _redrive(run, "RulesDeadLetters")["resent"]
    with _broken(run, "PostBatchFunction"):
        resent = _redrive(run, "PostDeadLetters")["resent"]
    assert {record, in_batch} <= {*resent}
    assert in_batch in _redrive(run, "PostBatchDeadLetters")["resent"]
    expect(run, {record: "CLEAR", in_batch: "CLEAR"})


def _lay(run: "CloudRun", queue: str, detail_type: str, ingest_id: str) -> None:
    (event,) = [
        each
        for each in run.bus.archive
        if each.content["detail-type"] == detail_type
        and each.content["detail"]["data"].get("ingest_id") == ingest_id
    ]
    run.queues.named[queue].lay(event.body)


def _unreadable(run: "CloudRun") -> None:
    """The workflow cannot even say which record it failed with: its input becomes a letter."""
    before = len(run.queues.named["RulesDeadLetters"].messages)
    run.machines.start("ApplyRulesStateMachine", {"detail": {}})
    deployment.settle(run)
    assert len(run.queues.named["RulesDeadLetters"].messages) == before + 1


def _unread_file(run: "CloudRun", sender: Sender) -> None:
    before = len(run.books.header_ids())
    with _broken(run, "IngestFileFunction"):
        sender.land(sender.message())
    assert len(_redrive(run, "LandingDeadLetters")["resent"]) == 1
    assert len(run.books.header_ids()) == before + 1


def _before_the_claim(
    run: "CloudRun", sender: Sender, function: str, order: dict[str, Any]
) -> None:
    """The pipe gives up on an original, its repeat, and a pair; someone sends them on."""
    asked = sender.request("0200")
    answer = asked | {"mti": "0210", "de": asked["de"] | {"38": "A1B2C3", "39": "00"}}
    original = sender.message()
    with _broken(run, "DeduplicateFunction"):
        one, again = sender.deliver(original)[0], sender.deliver(original)[0]
        request, response = sender.deliver(asked)[0], sender.deliver(answer)[0]
    deployment.ask(run, function, order)
    deployment.settle(run)
    told = sorted([outcome(run, one), outcome(run, again)])
    assert told == ["CLEAR", "PARKED DUPLICATE REPEATED"], told
    expect(run, {request: "RESOLVED PENDING_MATCH NO_RESPONSE", response: "CLEAR"})


def _after_the_booking(run: "CloudRun", sender: Sender) -> None:
    """Neither announced nor folded: letters mend the one booking, the repairs the other."""
    readers = "AnnounceFunction", "FoldFunction"
    with _broken(run, *readers):
        sender.deliver(sender.message())
    assert run.books.unfolded()
    assert run.books.unannounced()
    for queue in ("FoldDeadLetters", "JournalPipeDeadLetters"):
        assert _redrive(run, queue)["resent"]
    assert not run.books.unfolded()
    with _broken(run, *readers, "NotifyFunction"):
        sender.deliver(sender.message())
    booked = [run.books.booked_at(each) for each in run.books.unfolded()]
    span = {"since": min(booked).isoformat(), "until": max(booked).isoformat()}
    for function in ("RebuildBalancesFunction", "RepublishFunction"):
        deployment.ask(run, function, span)
        deployment.settle(run)
    assert not run.books.unfolded()
