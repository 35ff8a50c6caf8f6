"""A dry run: messages go the whole way by the code of the money path, and nothing is written.

Decoded, identified, looked up among the claims, enriched, judged by the rules workflow and booked
in memory. The messages of one run follow one another: a second copy of one is a duplicate, and a
balance goes on from the booking before.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from adapters.dry_books import DryBooks, Entered, NotAllowed, StillWaits, Waiting
from adapters.dry_rules import DryRules, NotDecided
from adapters.enriching import Enricher
from adapters.overlay import SoFar
from adapters.parked_row import RESOLVED, ParkedRow
from adapters.reception import Submission, identified
from adapters.vault import CardIndex, IndexKey, token_of
from domain import foresight
from domain.card_number import CardNumber
from domain.events import (
    Decided,
    Meta,
    TransactionAuthorized,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)
from domain.foresight import Case, Difference, Foreseen
from domain.identity import event_id
from domain.iso8583.decoded import Decoded, Invalid
from domain.received import Received

DOOR = "dry-run"
_DECIDED = {
    "APPROVED": TransactionPostingApproved.detail_type(),
    "SUSPENDED": TransactionPostingSuspended.detail_type(),
}


class Card(NamedTuple):
    token: str
    known: str


class Identified(NamedTuple):
    """A valid message with the place that it has in the run."""

    position: int
    record: Received
    card: str


class Answer(NamedTuple):
    """What is told of each message, in order, and of those of the parts before that go on now: by
    their `msg_id`, under which one message waits at most.
    """

    results: list[Foreseen]
    changed: list[Foreseen]


class DryRun:
    """`books_over` makes the books of one run."""

    def __init__(
        self,
        cards: CardIndex,
        index: IndexKey,
        books_over: Callable[[SoFar], DryBooks],
        enricher: Enricher,
        rules: DryRules,
    ) -> None:
        self._cards = cards
        self._index = index
        self._books_over = books_over
        self._enricher = enricher
        self._rules = rules

    def foresee(self, submissions: Sequence[Submission], so_far: SoFar, at: datetime) -> Answer:
        """What would become of each; `so_far` goes on with what they would change.

        Raises Unavailable: ask again.
        """
        books = self._books_over(so_far)
        told: dict[int, Foreseen] = {}
        claiming = list(self._claiming(books, submissions, told, at))
        changed = [_answered(request, response) for request, response in books.answered()]
        admitted = list(_going_on(books, claiming, told, at))
        cases = list(self._cases(admitted, told))
        places = {each.record.ingest_id: each.position for each in admitted}
        settled = Ledgering(books, so_far.waiting, at).post_all(cases)
        told |= {places[name]: each for name, each in settled.items() if name in places}
        changed += [each for name, each in settled.items() if name not in places]
        return Answer([told[position] for position in range(len(submissions))], changed)

    def _claiming(
        self,
        books: DryBooks,
        submissions: Sequence[Submission],
        told: dict[int, Foreseen],
        at: datetime,
    ) -> Iterator[Identified]:
        """Those that speak for their messages; what is invalid or a repeat is told."""
        for position, each in self._identified(submissions, at):
            if isinstance(each, Foreseen):
                told[position] = each
            elif row := books.admit(each.record, at.isoformat()):
                told[position] = _repeat(each, row)
            else:
                yield each

    def _identified(
        self, submissions: Sequence[Submission], at: datetime
    ) -> Iterator[tuple[int, Identified | Foreseen]]:
        valid = [each.message for each in submissions if isinstance(each.message, Decoded)]
        cards = self._cards_of(message.card_number for message in valid)
        for position, each in enumerate(submissions):
            if isinstance(each.message, Invalid):
                yield position, _invalid(each.message)
                continue
            card = cards[each.message.card_number]
            digest = self._index.digest(each.content)
            record = identified(each, each.message, card.token, DOOR, digest, at)
            yield position, Identified(position, record, card.known)

    def _cards_of(self, numbers: Iterable[CardNumber]) -> dict[CardNumber, Card]:
        """A card that the vault would see for the first time gets a token that is nowhere stored,
        and the same one in every dry run, so that repeats are told from conflicts.
        """
        by_card = {number: self._cards.entry(number) for number in numbers}
        known = self._cards.find(list(by_card.values()))
        return {
            number: Card(known[key], foresight.KNOWN_CARD)
            if key in known
            else Card(_provisional(key), foresight.NEW_CARD)
            for number, key in by_card.items()
        }

    def _cases(self, admitted: Sequence[Identified], told: dict[int, Foreseen]) -> Iterator[Case]:
        """Enriched and decided; what failed before that is told."""
        failed: dict[str, str] = {}

        def tell(event: TransactionAuthorized, why: Exception) -> None:
            failed[event.data.ingest_id] = f"{type(why).__name__}: {why}"

        events = [each.record.authorized() for each in admitted]
        enriched = self._enricher.enrich_each(events, tell) if events else []
        decisions = iter(self._rules.decide_all([event for event in enriched if event]))
        for each, event in zip(admitted, enriched, strict=True):
            if event is None:
                why = failed[each.record.ingest_id]
                told[each.position] = _failed(each, "NOT_ENRICHED", why)
                continue
            decision = next(decisions)
            if isinstance(decision, NotDecided):
                told[each.position] = _failed(each, decision.code, decision.message)
                continue
            known = foresight.of_record(each.record, each.card, "", "")
            yield Case(
                told=foresight.decided(known, decision),
                meta=_meta(event.meta, decision),
                decision=decision,
            )


def _going_on(
    books: DryBooks, claiming: Iterable[Identified], told: dict[int, Foreseen], at: datetime
) -> Iterator[Identified]:
    """What is no request; a request that waits, or is answered, is told."""
    for each in claiming:
        row = books.parted(each.record, at.isoformat())
        if row is None:
            yield each
            continue
        told[each.position] = _request(each, row)
        if row.state != RESOLVED:
            books.waits(each.record, told[each.position])


class Ledgering:
    """Decisions enter the books one after the other; what waited for one goes on after it.

    `waiting` are those of the parts before, by ingest_id; what waits after this one stays in it.
    """

    def __init__(self, books: DryBooks, waiting: dict[str, Case], at: datetime) -> None:
        self._books = books
        self._waiting = waiting
        self._at = at
        self._told: dict[str, Foreseen] = {}

    def post_all(self, cases: Iterable[Case]) -> dict[str, Foreseen]:
        """By ingest_id."""
        for case in cases:
            self._settle(case)
        return self._told

    def _settle(self, case: Case) -> None:
        repeated = self._books.repeats(case.decision)
        if repeated is not None:
            self._told[case.decision.ingest_id] = msgspec.structs.replace(
                case.told, outcome=repeated.reason, reason=None, original=repeated.owner
            )
        elif case.decision.decision.outcome in _DECIDED:
            self._post(case)
        else:
            self._told[case.decision.ingest_id] = case.told

    def _post(self, case: Case) -> None:
        name = case.decision.ingest_id
        match self._books.post(case.meta, case.decision, self._at):
            case Entered(posted, balance, wakes):
                self._told[name] = foresight.booked(case.told, posted, balance)
                self._waiting.pop(name, None)
                for waiting in [self._waiting[each] for each in wakes if each in self._waiting]:
                    self._settle(waiting)
            case Waiting(why, due):
                self._waiting[name] = case
                self._told[name] = msgspec.structs.replace(
                    case.told, outcome=foresight.WAITING, reason=why, waits_until=due
                )
            case NotAllowed(code):
                self._waiting.pop(name, None)
                self._told[name] = msgspec.structs.replace(
                    case.told, outcome=foresight.REJECTED, reason=code
                )
            case StillWaits():
                # What was said of it holds on.
                return


def _meta(meta: Meta, decision: Decided) -> Meta:
    """The envelope of the event that says the decision."""
    detail_type = _DECIDED.get(decision.decision.outcome, "TransactionRejected")
    name = event_id(decision.msg_id, decision.ingest_id, detail_type)
    return msgspec.structs.replace(meta, event_id=name, causation_id=meta.event_id)


def _provisional(key: str) -> str:
    return token_of(hashlib.sha256(f"dry run {key}".encode()).digest())


def _invalid(message: Invalid) -> Foreseen:
    return Foreseen(
        outcome=foresight.INVALID,
        reason=message.errors[0].code,
        network=message.network,
        mti=message.mti,
        last4=message.last4,
        errors=message.errors,
    )


def _repeat(each: Identified, row: ParkedRow) -> Foreseen:
    return msgspec.structs.replace(
        foresight.of_record(each.record, each.card, row.reason, row.code),
        original=row.original,
        differing=tuple(Difference(**fields) for fields in row.differing),
    )


def _request(each: Identified, row: ParkedRow) -> Foreseen:
    outcome = foresight.ANSWERED if row.state == RESOLVED else foresight.WAITING
    told = foresight.of_record(each.record, each.card, outcome, row.code)
    if row.response is not None:
        return _answered(told, row.response)
    return msgspec.structs.replace(told, waits_until=row.due_at)


def _answered(request: Foreseen, response: str) -> Foreseen:
    return msgspec.structs.replace(
        request,
        outcome=foresight.ANSWERED,
        reason=foresight.BY_RESPONSE,
        original=response,
        waits_until=None,
    )


def _failed(each: Identified, code: str, message: str) -> Foreseen:
    told = foresight.of_record(each.record, each.card, foresight.FAILED, code)
    return msgspec.structs.replace(told, message=message)
