"""Requests wait for their responses; responses go on, and end the wait of their requests.

A request's Parked row is written before it enters the pair, and a response enters the pair before
it looks for that row. The entries of one pair have an order: where the request was first, its row
stands when the response looks for it; where it was second, it finds the response in the pair.
Whatever comes in between, one of the two ends the wait, and repeating either is harmless.
"""

from adapters.due_index import due_shard_of
from adapters.match_waits import MatchWaitRules
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.parked_fields import parked_fields
from adapters.parked_row import PENDING_MATCH, RELEASED, ParkedRow
from domain.cain import from_json
from domain.pairing import REQUEST, RESPONSE, Part, part_of
from domain.payment_time import after
from domain.received import Received
from domain.transaction import read_transaction

NO_RESPONSE = "NO_RESPONSE"


class Pairing:
    """Of records that speak for their messages: a repeat belongs to no pair."""

    def __init__(self, pairs: PairTable, parked: ParkedTable, waits: MatchWaitRules) -> None:
        self._pairs = pairs
        self._parked = parked
        self._waits = waits

    def admit(self, record: Received, at: str) -> ParkedRow | None:
        """None when the record goes on; the row of a request that waits, or that has ended.

        A request whose row is RELEASED goes on: its time is over, or a person let it go. Raises
        Unavailable.
        """
        part = part_of_record(record)
        if part is None:
            return None
        if part.role == RESPONSE:
            self._respond(part, record.ingest_id, at)
            return None
        return self._ask(part, record, at)

    def end(self, record: Received, at: str) -> bool:
        """The time of a request that waits is over. True when it goes on, False when it is answered
        or waits no more.

        Its entry may have been lost with whoever wrote its row, so it enters again before anybody
        says that nothing came. Raises Unavailable.
        """
        part = part_of_record(record)
        if part is not None and self._entered(part, record.ingest_id, at):
            return False
        return self._parked.time_out(record.ingest_id, at)

    def _respond(self, part: Part, ingest_id: str, at: str) -> None:
        pair = self._pairs.enter(part.key, RESPONSE, ingest_id)
        if pair.request is not None:
            self._parked.answer(pair.request, pair.response or ingest_id, at)

    def _ask(self, part: Part, record: Received, at: str) -> ParkedRow | None:
        row = waiting_row(record, at, after(at, self._waits.in_force().request))
        standing = self._parked.put_first(row)
        if standing is not None and standing["state"] == RELEASED:
            return None
        self._entered(part, record.ingest_id, at)
        return row

    def _entered(self, part: Part, ingest_id: str, at: str) -> bool:
        """Whether the response is there; then the request is answered."""
        response = self._pairs.enter(part.key, REQUEST, ingest_id).response
        if response is not None:
            self._parked.answer(ingest_id, response, at)
        return response is not None


def part_of_record(record: Received) -> Part | None:
    return part_of(read_transaction(record.mti, record.network, from_json(record.cain)))


def waiting_row(record: Received, at: str, due_at: str) -> ParkedRow:
    return ParkedRow(
        ingest_id=record.ingest_id,
        reason=PENDING_MATCH,
        code=NO_RESPONSE,
        message="the request waits for its response",
        parked_at=at,
        due_at=due_at,
        due_shard=due_shard_of(record.ingest_id),
        **parked_fields(record),  # type: ignore[arg-type]
    )
