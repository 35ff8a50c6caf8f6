"""A dry run: messages go the whole way by the code of the money path, and nothing is written.

Decoded, identified, looked up among the claims, enriched, judged by the rules workflow and booked
in memory. The messages of one run follow one another: a second copy of one is a duplicate, and a
balance goes on from the booking before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from adapters.dry_books import DryBooks, SoFar
from adapters.dry_rules import DryRules, NotDecided
from adapters.enriching import Enricher
from adapters.parked import ParkedRow
from adapters.reception import Submission, identified
from adapters.vault import CardIndex, IndexKey, token_of
from domain import foresight
from domain.card_number import CardNumber
from domain.events import (
    Decided,
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)
from domain.foresight import Difference, Foreseen
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


class DryRun:
    def __init__(
        self,
        cards: CardIndex,
        index: IndexKey,
        books: DryBooks,
        enricher: Enricher,
        rules: DryRules,
    ) -> None:
        self._cards = cards
        self._index = index
        self._books = books
        self._enricher = enricher
        self._rules = rules

    def foresee(
        self, submissions: Sequence[Submission], so_far: SoFar, at: datetime
    ) -> list[Foreseen]:
        """What would become of each, in order; `so_far` goes on with what they would change.

        Raises Unavailable: ask again.
        """
        told: dict[int, Foreseen] = {}
        admitted: list[Identified] = []
        for position, each in self._identified(submissions, at):
            if isinstance(each, Foreseen):
                told[position] = each
            elif row := self._books.admit(each.record, so_far, at.isoformat()):
                told[position] = _repeat(each, row)
            else:
                admitted.append(each)
        told |= self._judged(admitted, so_far, at)
        return [told[position] for position in range(len(submissions))]

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

    def _judged(
        self, admitted: Sequence[Identified], so_far: SoFar, at: datetime
    ) -> dict[int, Foreseen]:
        told: dict[int, Foreseen] = {}
        failed: dict[str, str] = {}

        def tell(event: TransactionAuthorized, why: Exception) -> None:
            failed[event.data.ingest_id] = f"{type(why).__name__}: {why}"

        events = [each.record.authorized() for each in admitted]
        enriched = self._enricher.enrich_each(events, tell) if events else []
        ready = [
            (each, event)
            for each, event in zip(admitted, enriched, strict=True)
            if event is not None
        ]
        decisions = self._rules.decide_all([event for _, event in ready])
        for (each, event), decision in zip(ready, decisions, strict=True):
            told[each.position] = self._booked(each, event, decision, so_far, at)
        for each in admitted:
            if each.record.ingest_id in failed:
                told[each.position] = _failed(each, "NOT_ENRICHED", failed[each.record.ingest_id])
        return told

    def _booked(
        self,
        each: Identified,
        event: TransactionEnriched,
        decision: Decided | NotDecided,
        so_far: SoFar,
        at: datetime,
    ) -> Foreseen:
        if isinstance(decision, NotDecided):
            return _failed(each, decision.code, decision.message)
        told = foresight.decided(foresight.of_record(each.record, each.card, "", ""), decision)
        taken = self._books.header_of(decision)
        if taken is not None:
            return msgspec.structs.replace(
                told, outcome=taken.reason, original=taken.header.posted.ingest_id
            )
        if decision.decision.outcome not in _DECIDED:
            return told
        causation = event_id(
            decision.msg_id, decision.ingest_id, _DECIDED[decision.decision.outcome]
        )
        posted, balance = self._books.book(
            causation, event.meta.business_time, decision, so_far, at
        )
        return foresight.booked(told, posted, balance)


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


def _failed(each: Identified, code: str, message: str) -> Foreseen:
    told = foresight.of_record(each.record, each.card, foresight.FAILED, code)
    return msgspec.structs.replace(told, message=message)
