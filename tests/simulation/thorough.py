"""The expensive checks: repeat everything that can be repeated, and look for card numbers."""

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from samples.population import STRAY_CARDS
from tests.simulation.drain import Drain
from tests.simulation.scenario import FIRST_CARD, KNOWN, NEWCOMER

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun
    from tests.simulation.invariants import Evidence

_BRIEF_HOLDS_SECONDS = 7_200.0
# What a repeat may not change. The rest says when something was last done or asked.
_TABLES = (
    *("InboxTable", "JournalTable", "BalancesTable"),
    *("ParkedTable", "PaymentsTable", "VaultTable"),
)


def afterwards(evidence: "Evidence") -> list[tuple[int, str]]:
    """In an order in which each step leaves the next one its subject."""
    run = evidence.run
    # What falls due while something is repeated is not changed by the repetition.
    run.schedules.on = False
    found = [(14, what) for what in card_numbers(evidence)]
    drain = Drain(run, evidence.doors)
    # Time passes below: a hold that lives for an hour only would expire meanwhile, as it should.
    run.clock.seconds += _BRIEF_HOLDS_SECONDS
    drain.ask("TimersFunction", {})
    # What was released and is booked leaves its index with the next sweep.
    drain.ask("SweepFunction", {})
    drain.settle()
    steps = (
        (16, "a second round of repairs", drain.repair),
        (17, "redriving every letter", lambda: _redrive(run, drain)),
        (7, "reading the streams again", lambda: _read_again(run, drain)),
        (2, "replaying the archive", lambda: _replay(run, drain)),
    )
    for number, what, repeat in steps:
        before = _rows(run)
        repeat()
        changed = [name for name, rows in _rows(run).items() if rows != before[name]]
        if changed:
            found.append((number, f"{what} changed {', '.join(changed)}"))
    return found


def _rows(run: "CloudRun") -> dict[str, Any]:
    return {name: dict(run.database.tables[name].items) for name in _TABLES}


def _redrive(run: "CloudRun", drain: Drain) -> None:
    """Every letter once more to where it was going: nothing that is settled moves."""
    for letters, queue, message in list(_letters(run)):
        run.queues.named[letters].delete(message.id)
        if "RULE_ARN" in message.attributes:
            run.bus.deliver_letter(message.attributes, message.body)
        else:
            queue.lay(message.body)
    drain.settle()


def _letters(run: "CloudRun") -> Iterator[tuple[str, Any, Any]]:
    fed = {q.spec.letters: q for q in run.queues.named.values() if q.spec.letters and q.arrived}
    for name, queue in run.queues.named.items():
        for message in queue.messages.values():
            if name in fed or "RULE_ARN" in message.attributes:
                yield name, fed.get(name), message


def _read_again(run: "CloudRun", drain: Drain) -> None:
    """A stream may give any of its records once more."""
    for reader in run.readers:
        reader.again()
    drain.settle()


def _replay(run: "CloudRun", drain: Drain) -> None:
    for event in list(run.bus.archive):
        run.bus.replay("posting", event)
    drain.settle()


def card_numbers(evidence: "Evidence") -> Iterator[str]:
    """Card numbers outside the vault, in any of the forms that they might take there."""
    run = evidence.run
    stores = {
        **{f"table {name}": _text(table.items) for name, table in run.database.tables.items()},
        **{
            f"queue {name}": _text([each.body for each in queue.messages.values()])
            for name, queue in run.queues.named.items()
        },
        "archive": _text([event.body for event in run.bus.archive]),
        "topics": _text(run.told),
        "audit trail": _text([run.buckets.objects[name] for name in run.audit_buckets]),
        "trace": _text(run.trace.lines),
        **{
            f"log of {name}": _text(log.lines())
            for name, log in evidence.base.deployment.deployed.logs.items()
        },
    }
    cards = [FIRST_CARD[each] for each in (*KNOWN, NEWCOMER)] + list(STRAY_CARDS)
    for form in (form for card in cards for form in _forms(card.card_number)):
        for store, text in stores.items():
            if form in text:
                yield f"a card number lies in the {store}"


def _forms(number: str) -> tuple[str, ...]:
    raw = number.encode()
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return (number, raw.hex(), base64.b64encode(raw).decode()[:20], spaced)


def _text(value: Any) -> str:
    return json.dumps(value, default=repr) if isinstance(value, list) else repr(value)
