"""Messages of every kind, and payments whose other messages never come."""

from typing import TYPE_CHECKING

from samples.population import STRAY_CARDS
from tests.simulation import deployment
from tests.simulation.errands.messages import BATCHED_CARD, SINGLE_CARD, Sender, expect, naming

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

# As long as a hold for fuel is kept, and a minute.
_FUEL_SECONDS = 3_660.0


def lives(run: "CloudRun", sender: Sender) -> None:
    _received(run, sender)
    _through_the_file(run, sender)
    _paired(run, sender)
    _in_vain(run, sender)


def _received(run: "CloudRun", sender: Sender) -> None:
    kinds = sender.kinds()
    for wanted, ingest_id in zip(kinds, sender.deliver(*kinds.values()), strict=True):
        expect(run, {ingest_id: wanted})
    foreign, repeat = sender.deliver(sender.message(de49="840", de19="840"), kinds["CLEAR"])
    expect(run, {foreign: "CLEAR", repeat: "PARKED DUPLICATE REPEATED"})


def _through_the_file(run: "CloudRun", sender: Sender) -> None:
    before = len(run.books.header_ids())
    sender.land(sender.message(), sender.message(de4="12"), sender.message(card=STRAY_CARDS[1]))
    deployment.settle(run)
    assert len(run.books.header_ids()) == before + 2


def _paired(run: "CloudRun", sender: Sender) -> None:
    """A request and its response, a hold and its reversal, a clearing and its reversal."""
    asked = sender.request("0200")
    (request,) = sender.deliver(asked)
    answer = asked | {"mti": "0210", "de": asked["de"] | {"38": "A1B2C3", "39": "00"}}
    (response,) = sender.deliver(answer)
    expect(run, {request: "RESOLVED PENDING_MATCH NO_RESPONSE", response: "CLEAR"})
    for card in (SINGLE_CARD, BATCHED_CARD):
        for mti, asked_by, ends in (
            ("0120", "0100", ("HOLD", "RELEASE")),
            ("0220", "0220", ("CLEAR", "REVERSE")),
        ):
            first = sender.message(mti, card)
            undone = sender.follow(first, "0420", de90=naming(first, asked_by))
            # The reversal comes first and waits for what it undoes.
            (reversal,) = sender.deliver(undone)
            (original,) = sender.deliver(first)
            expect(run, dict(zip((original, reversal), ends, strict=True)))


def _in_vain(run: "CloudRun", sender: Sender) -> None:
    """What nothing follows, and what follows nothing, until their timers end."""
    never = sender.message("0120"), sender.message("0120", BATCHED_CARD)
    hold, request, *reversals = sender.deliver(
        sender.message("0120", de18="5542", de4=f"{5_000:012}"),
        sender.request(),
        *(sender.follow(each, "0420", de90=naming(each, "0100")) for each in never),
    )
    for one in reversals:
        expect(run, {one: "PARKED PENDING_MATCH NO_ORIGINAL"})
    run.clock.seconds += _FUEL_SECONDS
    deployment.ask(run, "TimersFunction", {})
    deployment.settle(run)
    expect(run, {hold: "HOLD RELEASE", request: "PARKED REJECTED REQUEST_WITHOUT_RESPONSE"})
    for one in reversals:
        expect(run, {one: "PARKED REJECTED REVERSED_UNMATCHED"})
