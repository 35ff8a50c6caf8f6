"""Taking legs in, and booking a sequence when its last leg has come: once, or not at all."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters import transactions
from adapters.assemblies import OPEN, Assemblies, Assembly
from adapters.balances import BalanceTable
from adapters.journal import JournalTable, stored_header
from adapters.ledger import effect_of
from adapters.posting import Result
from domain.booking import BalanceRow, Booking, posted_of
from domain.errors import Contradiction, Refused, Unavailable
from domain.events import PostingLegCreated
from domain.reference import status_refusal
from domain.sequence import CONFLICT, UNKNOWN_ACCOUNT, Arrived, assemble, refuse_number

_DERIVATIONS_MAX = 12


class SequencePoster:
    def __init__(
        self,
        client: Any,
        assemblies: Assemblies,
        journal: JournalTable,
        balances: BalanceTable,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._assemblies = assemblies
        self._journal = journal
        self._balances = balances
        self._now = now

    def take(self, event: PostingLegCreated) -> Result:
        """Keep a leg, and book its sequence if none is missing any more.

        A leg that comes again is the way by which a sequence that was complete and not booked is
        booked. Raises Unavailable (retry) and Contradiction (a person must look).
        """
        arrived = Arrived(
            part=event.data,
            event_id=event.meta.event_id,
            business_time=event.meta.business_time,
        )
        try:
            refuse_number(arrived.part)
            if self._assemblies.add(arrived, self._timestamp()) == "contradicts":
                raise Refused(CONFLICT, f"leg {arrived.part.leg.n} is not what came before")
        except Refused as refusal:
            self._assemblies.begin(arrived.part, self._timestamp())
            self._assemblies.keep(arrived)
            return self._park(arrived.part.sequence_id, refusal)
        return self._finish(arrived.part.sequence_id)

    def _finish(self, sequence_id: str) -> Result:
        assembly = self._assemblies.get(sequence_id)
        if assembly is None:
            raise Unavailable(f"{sequence_id} has legs and no head: another try will tell")
        facts = _facts(assembly)
        if assembly.state != OPEN:
            return Result(f"sequence_{assembly.state.lower()}_before", facts)
        if not assembly.complete:
            return Result("leg_kept", facts)
        try:
            return self._book(assembly, assemble(self._assemblies.legs(assembly)))
        except Refused as refusal:
            if isinstance(refusal, Contradiction):
                raise
            return self._park(sequence_id, refusal)

    def _park(self, sequence_id: str, refusal: Refused) -> Result:
        facts = {"sequence_id": sequence_id, "reason": refusal.code}
        parked = self._assemblies.park(
            sequence_id, refusal.code, refusal.message, self._timestamp()
        )
        if parked:
            return Result("sequence_parked", facts | {"why": refusal.message})
        assembly = self._assemblies.get(sequence_id)
        state = assembly.state if assembly else "GONE"
        # The leg is kept beside the sequence; what was decided about the sequence stands.
        return Result("leg_refused", facts | {"why": refusal.message, "state": state})

    def _book(self, assembly: Assembly, booking: Booking) -> Result:
        facts = _facts(assembly) | {"header_id": booking.header_id}
        for _ in range(_DERIVATIONS_MAX):
            balance = self._balance_of(booking)
            refused = self._write(assembly, booking, balance)
            if not refused:
                return Result("sequence_booked", facts)
            if "header" in refused:
                _same_content(booking, refused["header"])
                return Result("sequence_posted_before", facts)
            if "assembly" in refused:
                return Result("sequence_settled_meanwhile", facts)
        raise Unavailable(f"{booking.header_id} met a moving balance {_DERIVATIONS_MAX} times")

    def _balance_of(self, booking: Booking) -> BalanceRow | None:
        """The customer's row as it stands now. Raises Refused when it cannot be booked to."""
        if booking.customer is None or booking.currency is None:
            return None
        balance = self._balances.read(booking.customer, booking.currency)
        if balance is None:
            raise Refused(
                UNKNOWN_ACCOUNT, f"{booking.customer} has no balance in {booking.currency}"
            )
        refusal = status_refusal(balance.status, "DEBIT" if booking.net < 0 else "CREDIT")
        if refusal is not None:
            raise Refused(refusal, f"{booking.customer} is {balance.status}")
        return balance

    def _write(
        self, assembly: Assembly, booking: Booking, balance: BalanceRow | None
    ) -> dict[str, dict[str, Any]]:
        """The refused actions by name; {} when all is written."""
        booked_at = self._now()
        posted = posted_of(booking, effect_of(booking, balance), booked_at)
        actions = {
            "header": self._journal.put_header(posted, booking),
            "assembly": self._assemblies.posted(assembly.sequence_id, booked_at),
        }
        if posted.customer is not None and balance is not None:
            actions["balance"] = self._balances.moved(balance, balance.after(booking))
            actions["line"] = self._journal.put_line(posted, posted.customer)
        refusals = transactions.write(self._client, list(actions.values()))
        names = list(actions)
        return {names[index]: item for index, item in refusals.items()}

    def _timestamp(self) -> str:
        return self._now().isoformat(timespec="milliseconds")


def _facts(assembly: Assembly) -> dict[str, Any]:
    """For the log: ids and counts."""
    return {
        "sequence_id": assembly.sequence_id,
        "got": assembly.got,
        "leg_count": assembly.leg_count,
    }


def _same_content(booking: Booking, item: dict[str, Any]) -> None:
    if stored_header(item).posted.fingerprint != booking.fingerprint:
        raise Contradiction(
            "FINGERPRINT_MISMATCH", f"{booking.header_id} was booked with other content"
        )
