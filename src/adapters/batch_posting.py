"""Booking the records of a hot account: several in one transaction, with the balance written once.

What becomes of each is derived as everywhere, one after the other, over what those before it change
(`overlay`). A record that is no booking now, or that meets a header, a parked row or a purchase of
its own, goes the single way; what stands before it is booked before it, what follows after it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from adapters import transactions
from adapters.derivation import Derivation, ToBook
from adapters.ledger import Apart, BookedTogether, Entry, Ledger, header_of, most_actions
from adapters.outcomes import Waker
from adapters.overlay import SoFar
from adapters.posting import DERIVATIONS_MAX, Decision, Poster, Result, facts_of
from domain.errors import Unavailable

# What DynamoDB takes in one transaction.
_ACTIONS_MAX = 100

type DerivationOver = Callable[[SoFar], Derivation]


class BatchPoster:
    def __init__(
        self,
        poster: Poster,
        ledger: Ledger,
        derivation_over: DerivationOver,
        waker: Waker,
        now: Callable[[], datetime],
    ) -> None:
        self._poster = poster
        self._ledger = ledger
        self._derivation_over = derivation_over
        self._waker = waker
        self._now = now

    def post(self, events: Sequence[Decision]) -> Iterator[Result]:
        """Book decided records in their order, each exactly once; a result for each that is done.

        Whatever it raises is of the first record that has no result yet; Unavailable (retry) may be
        of those behind it too.
        """
        left, alone = list(events), set[str]()
        while left:
            done = self._first_of(left, alone)
            yield from done
            left = left[len(done) :]

    def _first_of(self, left: Sequence[Decision], alone: set[str]) -> list[Result]:
        """Of as many of the first as go together, or of the first one by itself.

        `alone` are event ids of those that must go by themselves; more may be added.
        """
        for _ in range(DERIVATIONS_MAX):
            at = self._now()
            run = self._run(left, alone, at)
            if len(run) < 2:
                return [self._singly(left[0])]
            written = self._ledger.book_together(run, at)
            if isinstance(written, BookedTogether):
                self._wake(run)
                return [
                    Result("booked", facts_of(each.booking) | {"together": len(run)})
                    for each in run
                ]
            if isinstance(written, Apart):
                alone.update(left[place].meta.event_id for place in written.places)
        raise Unavailable(f"{left[0].data.msg_id} met a moving ledger {DERIVATIONS_MAX} times")

    def _singly(self, event: Decision) -> Result:
        try:
            return self._poster.post(event)
        except (ClientError, BotoCoreError) as error:
            if not transactions.may_pass(error):
                raise
            # Those behind it would meet the same.
            raise Unavailable(f"{event.data.msg_id}: {type(error).__name__}") from error

    def _run(self, left: Sequence[Decision], alone: set[str], at: datetime) -> list[Entry]:
        """The first records, as far as they can be booked in one transaction."""
        so_far = SoFar()
        derivation = self._derivation_over(so_far)
        run: list[Entry] = []
        for event in left:
            if event.meta.event_id in alone:
                break
            try:
                derived = derivation.derive(event.meta, event.data, None, at)
            except Exception:
                # Its own, whatever it is: it comes again when this record is the first.
                alone.add(event.meta.event_id)
                break
            if not isinstance(derived, ToBook):
                break
            entry = Entry(derived.booking, derived.balance)
            if so_far.presented_otherwise(entry.booking) or not _fits(run, entry):
                break
            so_far.enter(*entry, header_of(*entry, at))
            run.append(entry)
        return run

    def _wake(self, run: Sequence[Entry]) -> None:
        """What waited for one of these may go on; who still waits after them goes on waiting."""
        lives = {
            change.after.payment.payment_id: change.after
            for change in (each.booking.change for each in run)
            if change is not None
        }
        waiting = (each.ingest_id for life in lives.values() for each in life.waiting)
        for ingest_id in dict.fromkeys(waiting):
            self._waker.wake(ingest_id)


def _fits(run: Sequence[Entry], entry: Entry) -> bool:
    """Whether it may be booked with these: no item twice, and no more actions than may be."""
    headers = {each.booking.header_id for each in run}
    records = {each.booking.ingest_id for each in run}
    actions = sum(most_actions(each.booking) for each in (*run, entry))
    booking = entry.booking
    return (
        booking.header_id not in headers
        and booking.ingest_id not in records
        and actions <= _ACTIONS_MAX
    )
