"""What the ledger would make of a decision: derived as it derives, and kept in memory."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from adapters.claims import Claim, ClaimTable
from adapters.deduplication import repeat_of
from adapters.derivation import AlreadyTaken, ToBook, ToRefuse, ToWait, WaitsAlready
from adapters.ledger import header_of
from adapters.overlay import OverlaidJournal, SoFar, Tables, derivation_over
from adapters.pairing import part_of_record, waiting_row
from adapters.pairs import PairTable
from adapters.parked_row import CONFLICT, DUPLICATE, RESOLVED, ParkedRow
from adapters.posting_rules import PostingRules
from domain.booking import BalanceRow, Booking, primary_header_id
from domain.errors import Unavailable
from domain.events import Decided, Meta, Posted
from domain.foresight import BalanceMove, Foreseen
from domain.lifecycle import unmatched
from domain.pairing import RESPONSE
from domain.payment_time import after
from domain.received import Received
from domain.record_booking import SECOND_PRESENTMENT


class Repeated(msgspec.Struct, frozen=True):
    """Another record has the message's header."""

    owner: str
    reason: str


class Entered(msgspec.Struct, frozen=True):
    """The header that it would get, the balance around it, and the records that would wake."""

    posted: Posted
    balance: BalanceMove | None
    wakes: tuple[str, ...]


class Waiting(msgspec.Struct, frozen=True):
    why: str
    due: str


class NotAllowed(msgspec.Struct, frozen=True):
    """The payment refuses it."""

    code: str


class StillWaits(msgspec.Struct, frozen=True):
    """What came is not what it waits for."""


type Told = Entered | Waiting | NotAllowed | StillWaits


class DryBooks:
    """Made for one run, over what the messages before it would change."""

    def __init__(
        self, claims: ClaimTable, tables: Tables, rules: PostingRules, so_far: SoFar
    ) -> None:
        self._claims = claims
        self._pairs = PairTable(tables.client, claims.table)
        self._waits = rules.waits
        self._so_far = so_far
        self._journal = OverlaidJournal(tables.client, tables.journal, so_far)
        self._derivation = derivation_over(tables, rules, so_far)

    def admit(self, record: Received, at: str) -> ParkedRow | None:
        """As Deduplication would: None when the record would speak for its message, which is
        remembered; else the row that would be parked.
        """
        standing = self._so_far.claims.get(record.msg_id) or self._claims.get(record.msg_id)
        if standing is not None:
            return repeat_of(record, standing, at)
        self._so_far.claims[record.msg_id] = Claim(
            owner=record.ingest_id, fingerprint=record.fingerprint, fields=record.fields
        )
        part = part_of_record(record)
        if part is not None and part.role == RESPONSE:
            self._so_far.responses.setdefault(part.key, record.ingest_id)
        return None

    def parted(self, record: Received, at: str) -> ParkedRow | None:
        """As Pairing would, once all messages of the run are admitted: the row of a request, which
        waits or is answered; None for what goes on.
        """
        part = part_of_record(record)
        if part is None or part.role == RESPONSE:
            return None
        row = waiting_row(record, at, after(at, self._waits.in_force().request))
        response = self._so_far.responses.get(part.key) or self._pairs.get(part.key).response
        if response is None:
            return row
        return msgspec.structs.replace(row, state=RESOLVED, response=response)

    def waits(self, record: Received, told: Foreseen) -> None:
        """Remember a request that waits: its response may come in a later part."""
        part = part_of_record(record)
        if part is not None:
            self._so_far.requests.setdefault(part.key, []).append(told)

    def answered(self) -> Iterator[tuple[Foreseen, str]]:
        """Requests of the parts before whose responses have come by now, each with its response."""
        for key in self._so_far.requests.keys() & self._so_far.responses.keys():
            for told in self._so_far.requests.pop(key):
                yield told, self._so_far.responses[key]

    def repeats(self, record: Decided) -> Repeated | None:
        """The booking that the message has already."""
        header = self._journal.get(primary_header_id(record.msg_id))
        if header is None:
            return None
        same = header.posted.fingerprint == record.fingerprint
        return Repeated(header.posted.ingest_id, DUPLICATE if same else CONFLICT)

    def post(self, meta: Meta, record: Decided, at: datetime) -> Told:
        """As Poster would, on the first try."""
        derived = self._derivation.derive(meta, record, None, at)
        if isinstance(derived, ToBook) and self._journal.is_presented_otherwise(derived.booking):
            derived = self._derivation.derive(meta, record, SECOND_PRESENTMENT, at)
        match derived:
            case ToBook(booking, balance):
                return self._entered(booking, balance, at)
            case ToWait(change, due, why):
                self._so_far.take(change)
                return Waiting(why, due)
            case ToRefuse(code):
                self._forget(record, derived)
                return NotAllowed(code)
            case WaitsAlready():
                return StillWaits()
            case AlreadyTaken():
                raise Unavailable(f"{record.msg_id} was booked while it was asked about")

    def _entered(self, booking: Booking, balance: BalanceRow | None, at: datetime) -> Entered:
        posted = header_of(booking, balance, at)
        after = self._so_far.enter(booking, balance, posted)
        move = move_of(balance, after, posted) if balance and after else None
        waiting = booking.change.after.waiting if booking.change else ()
        return Entered(posted, move, tuple(each.ingest_id for each in waiting))

    def _forget(self, record: Decided, refusal: ToRefuse) -> None:
        """A record that waited waits no longer."""
        life = refusal.found.life
        if life is not None and life.waits(record.ingest_id):
            after = unmatched(refusal.message, life)
            self._so_far.payments[after.payment.payment_id] = after


def move_of(before: BalanceRow, after: BalanceRow, posted: Posted) -> BalanceMove:
    return BalanceMove(
        account=before.account,
        currency=before.currency,
        net=after.posted - before.posted,
        posted_before=before.posted,
        posted_after=after.posted,
        held_before=before.held,
        held_after=after.held,
        available_before=before.available,
        available_after=after.available,
        posting_no=posted.customer.posting_no if posted.customer else None,
    )
