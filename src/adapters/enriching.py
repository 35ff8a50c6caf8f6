"""Enriching records: the reference rows of a whole batch are read at once."""

from collections.abc import Callable, Sequence

import msgspec

from adapters.reference import ReferenceTable, Wanted
from domain.conversion import FxRate
from domain.enrichment import Known, enrich, rate_needed
from domain.events import TransactionAuthorized, TransactionEnriched
from domain.transaction import Transaction, read_transaction

# What a record or a reference row with wrong content raises; a service that fails is none of these.
_BROKEN_DATA = (msgspec.MsgspecError, ArithmeticError, LookupError, TypeError, ValueError)

type Told = Callable[[TransactionAuthorized, Exception], None]


class Enricher:
    def __init__(self, reference: ReferenceTable) -> None:
        self._reference = reference

    def enrich_all(self, events: Sequence[TransactionAuthorized]) -> list[TransactionEnriched]:
        """The whole batch with three batched reads, and one read per currency pair and business
        time.
        """
        transactions = [
            read_transaction(event.data.mti, event.data.network, event.data.cain)
            for event in events
        ]
        known = self._reference.look_up(
            Wanted.by(event.data.token, transaction)
            for event, transaction in zip(events, transactions, strict=True)
        )
        return [
            enrich(event, facts, self._rate(transaction, facts, event.meta.business_time))
            for event, transaction, facts in zip(events, transactions, known, strict=True)
        ]

    def enrich_each(
        self, events: Sequence[TransactionAuthorized], tell: Told
    ) -> list[TransactionEnriched | None]:
        """None for a record that cannot be enriched, which `tell` hears of: it must not take its
        batch to the letters.
        """
        try:
            return list(self.enrich_all(events))
        except _BROKEN_DATA as error:
            if len(events) > 1:
                return [each for event in events for each in self.enrich_each([event], tell)]
            tell(events[0], error)
            return [None]

    def _rate(self, transaction: Transaction, facts: Known, business_time: str) -> FxRate | None:
        pair = rate_needed(transaction, facts.account)
        return self._reference.rate(*pair, business_time) if pair else None
