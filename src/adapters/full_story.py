"""Everything that the tables hold about one record, from its door to its announcement."""

from typing import Any

import msgspec

from adapters.balances import BalanceTable
from adapters.claims import ClaimTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.parked_row import REJECTED
from adapters.payment_story import PaymentStory
from adapters.payments import PaymentTable
from adapters.story import Story
from domain import cain
from domain.correcting import correction_header_id
from domain.events import (
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPosted,
    TransactionPostingApproved,
    TransactionPostingSuspended,
    TransactionRejected,
)
from domain.identity import event_id, ledger_event_id
from domain.pairing import REQUEST, RESPONSE, part_of
from domain.record_amount import amount_of
from domain.statement_json import balance_body
from domain.transaction import read_transaction

_ADMITTED = (TransactionAuthorized.detail_type(), TransactionEnriched.detail_type())
_APPROVED, _SUSPENDED, _REJECTED, _POSTED = (
    each.detail_type()
    for each in (
        TransactionPostingApproved,
        TransactionPostingSuspended,
        TransactionRejected,
        TransactionPosted,
    )
)
# Which events an outcome needs. Approved or Suspended is either's: Post has the last word.
_DUE = {
    "POSTED": (*_ADMITTED, _APPROVED),
    "SUSPENDED": _ADMITTED,
    "REJECTED": (*_ADMITTED, _REJECTED),
}

type Told = dict[str, Any]


class FullStory:
    """Values are JSON; amounts are whole minor units."""

    def __init__(
        self,
        inbox: InboxTable,
        parked: ParkedTable,
        journal: JournalTable,
        claims: ClaimTable,
        balances: BalanceTable,
        pairs: PairTable,
        payments: PaymentTable,
    ) -> None:
        self._inbox = inbox
        self._parked = parked
        self._journal = journal
        self._claims = claims
        self._balances = balances
        self._pairs = pairs
        self._payments = payments
        self._story = Story(inbox, parked, journal)
        self._payment_story = PaymentStory(journal, payments)

    def of(self, identifier: str) -> Told | None:
        """By the id of a record (ing_), of a message (msg_), of a header (J#) or of a payment
        (pay_, the record of its first booking); None for an id that was never given.
        """
        ingest_id = self._record_of(identifier)
        if ingest_id is None:
            return None
        told = self._story.of(ingest_id) or self._opening(identifier)
        if told is None:
            return None
        stored = self._inbox.get(ingest_id) or self._parked.get(ingest_id) or {}
        stated = amount_of(stored)
        told["amount"] = msgspec.to_builtins(stated) if stated else None
        told |= self._pair(ingest_id, stored)
        told["corrections"] = self._corrections(told)
        told |= self._payment_story.of(told, stored)
        told["timings"] = self._timings(told, stored)
        told["decision"] = _decision(told)
        told["events"] = _events(told)
        told["balance_now"] = self._balance_now(told)
        return told

    def _record_of(self, identifier: str) -> str | None:
        """The record that an id of a message or of a header leads to."""
        if identifier.startswith("msg_"):
            header = self._journal.get(f"J#{identifier}")
            claim = self._claims.get(identifier) if header is None else None
            return header.posted.ingest_id if header else claim.owner if claim else None
        if identifier.startswith("J#"):
            header = self._journal.get(identifier)
            return header.posted.ingest_id if header else None
        if identifier.startswith("pay_"):
            life = self._payments.get(identifier)
            return next((each.ingest_id for each in life.taken), None) if life else None
        return identifier

    def _opening(self, identifier: str) -> Told | None:
        """Opening money has a header and no record."""
        header = self._journal.get(identifier) if identifier.startswith("J#") else None
        if header is None:
            return None
        return {
            "ingest_id": identifier,
            "msg_id": header.posted.msg_id,
            "outcome": "POSTED",
            "record": {},
            "booking": msgspec.to_builtins(header.posted),
        }

    def _corrections(self, told: Told) -> list[Told]:
        """What was corrected of the booking and of its resolution, in the order of the chain."""
        found = []
        for header in (told.get("booking"), told.get("resolution")):
            header_id = header["header_id"] if header else None
            while header_id and (stored := self._journal.get(correction_header_id(header_id))):
                header_id = stored.posted.header_id
                found.append(msgspec.to_builtins(stored.posted))
        return found

    def _pair(self, ingest_id: str, stored: dict[str, Any]) -> Told:
        """What the record's request or response came to, as far as there is one."""
        if "cain" not in stored:
            return {}
        transaction = read_transaction(
            stored["mti"], stored["network"], cain.from_json(stored["cain"])
        )
        part = part_of(transaction)
        if part is None:
            return {}
        pair = self._pairs.get(part.key)
        name, other = (RESPONSE, pair.response) if part.role == REQUEST else (REQUEST, pair.request)
        told = self._story.of(other) if other is not None and other != ingest_id else None
        if told is None:
            return {}
        booking = told.get("booking")
        facts = {each: told[each] for each in ("ingest_id", "msg_id", "outcome")}
        return {name: facts | {"header_id": booking["header_id"] if booking else None}}

    def _timings(self, told: Told, record: dict[str, Any]) -> dict[str, str | None]:
        """Instants of the stages; None where the record did not come by, or was not first."""
        msg_id = told.get("msg_id")
        claim = self._claims.get(msg_id) if msg_id else None
        own = claim is not None and claim.owner == told["ingest_id"]
        return {
            "received_at": record.get("received_at"),
            "claimed_at": claim.claimed_at if claim and own else None,
            "parked_at": told.get("parked", {}).get("parked_at"),
            "booked_at": told.get("booking", {}).get("booked_at"),
            "resolved_at": told.get("resolution", {}).get("booked_at"),
        }

    def _balance_now(self, told: Told) -> Told | None:
        latest = (*reversed(told["corrections"]), told.get("resolution"), told.get("booking"))
        effect = next((each["customer"] for each in latest if each and each["customer"]), None)
        if effect is None:
            return None
        row = self._balances.read(effect["account"], effect["currency"])
        return {"account": row.account, **balance_body(row)} if row else None


def _decision(told: Told) -> Told | None:
    """What the rules said, as far as the tables keep it: in the header, else in the parked row."""
    booking, parked = told.get("booking"), told.get("parked")
    if booking is not None and told["record"]:
        outcome = "SUSPENDED" if told["outcome"] == "SUSPENDED" else "APPROVED"
        names = ("reason", "flags", "rule_version", "ref_version")
        return {"outcome": outcome, **{name: booking.get(name) for name in names}}
    if parked is not None and told["outcome"] == REJECTED:
        return {"outcome": REJECTED, "reason": parked.get("code")}
    return None


def _events(told: Told) -> list[Told]:
    """The events that the record can have, with the ids that they have, in the order of the flow;
    `expected` are those that its outcome needs.
    """
    due = _DUE.get(told["outcome"], ())
    before = (*_ADMITTED, _APPROVED, _SUSPENDED, _REJECTED)
    found = {
        event_id(told["msg_id"], told["ingest_id"], detail_type): detail_type
        for detail_type in before
        if told.get("msg_id") and told["record"]
    }
    return [
        *(
            {"event_id": each, "detail_type": name, "expected": name in due}
            for each, name in found.items()
        ),
        *(_posted(booking) for booking in _booked(told)),
    ]


def _booked(told: Told) -> list[Told]:
    """Every header of the story, in the order of the bookings."""
    first = (told.get("booking"), told.get("resolution"))
    found = (*first, *told["corrections"], *told["disputes"], *told["acceptances"])
    return sorted((each for each in found if each), key=lambda each: str(each["booked_at"]))


def _posted(booking: Told) -> Told:
    """A header is always announced; when it was booked says where to look for that."""
    header_id = booking["header_id"]
    return {
        "event_id": ledger_event_id(header_id, _POSTED),
        "detail_type": _POSTED,
        "expected": True,
        "header_id": header_id,
        "purpose": booking["purpose"],
        "booked_at": booking["booked_at"],
    }
