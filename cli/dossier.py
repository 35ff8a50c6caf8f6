"""What the tables and the audit trail hold about one record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from adapters.balances import BalanceTable
from adapters.claims import ClaimTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.parked import ParkedTable
from adapters.story import Story
from cli.audit.trail import Event, Trail
from cli.errors import UserError
from cli.scanning import get_many
from cli.system import System
from domain.correcting import correction_header_id
from domain.identity import event_id, ledger_event_id

_BEFORE_LEDGER = (
    "TransactionAuthorized",
    "TransactionEnriched",
    "TransactionPostingApproved",
    "TransactionPostingSuspended",
    "TransactionRejected",
)
_POSTED = "TransactionPosted"
# Which events an outcome needs. Approved or Suspended is either's: Post has the last word.
_DUE = {
    "POSTED": _BEFORE_LEDGER[:3],
    "SUSPENDED": _BEFORE_LEDGER[:2],
    "REJECTED": (*_BEFORE_LEDGER[:2], "TransactionRejected"),
}
_SLACK = timedelta(hours=1)


class Dossier:
    """The tables that a story is told from."""

    def __init__(self, system: System) -> None:
        client = system.client("dynamodb")
        self._client = client
        self._claims_table = system.table("Claims")
        self._trail = Trail(system)
        self.inbox = InboxTable(client, system.table("Inbox"))
        self.parked = ParkedTable(client, system.table("Parked"))
        self.journal = JournalTable(client, system.table("Journal"))
        self.claims = ClaimTable(client, self._claims_table)
        self.balances = BalanceTable(client, system.table("Balances"))
        self.story = Story(self.inbox, self.parked, self.journal)

    def record_of(self, identifier: str) -> str:
        """The record that an id of a message or of a header leads to."""
        if identifier.startswith("msg_"):
            header = self.journal.get(f"J#{identifier}")
            claim = self.claims.get(identifier) if header is None else None
            if header is None and claim is None:
                raise UserError(f"no record of message {identifier} was admitted")
            return header.posted.ingest_id if header else claim.owner if claim else ""
        if identifier.startswith("J#"):
            header = self.journal.get(identifier)
            if header is None:
                raise UserError(f"there is no header {identifier}")
            return header.posted.ingest_id
        return identifier

    def opening(self, identifier: str) -> dict[str, Any] | None:
        """Opening money has a header and no record."""
        header = self.journal.get(identifier)
        if header is None:
            return None
        return {
            "ingest_id": identifier,
            "msg_id": header.posted.msg_id,
            "outcome": "POSTED",
            "record": {},
            "booking": _builtins(header.posted),
        }

    def corrections(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        """What was corrected of the booking and of its resolution, in the order of the chain."""
        found = []
        for header in (told.get("booking"), told.get("resolution")):
            header_id = header["header_id"] if header else None
            while header_id and (stored := self.journal.get(correction_header_id(header_id))):
                header_id = stored.posted.header_id
                found.append(_builtins(stored.posted))
        return found

    def timings(self, told: dict[str, Any], record: dict[str, Any]) -> dict[str, str | None]:
        """Instants of the stages; None where the record did not come by, or was not first."""
        msg_id = told.get("msg_id")
        claims = get_many(
            self._client,
            self._claims_table,
            [{"msg_id": msg_id}] if msg_id else [],
            lambda row: str(row["msg_id"]),
        )
        claim = claims.get(str(msg_id), {})
        return {
            "received_at": record.get("received_at"),
            "claimed_at": claim.get("claimed_at")
            if claim.get("owner") == told["ingest_id"]
            else None,
            "parked_at": told.get("parked", {}).get("parked_at"),
            "booked_at": told.get("booking", {}).get("booked_at"),
            "resolved_at": told.get("resolution", {}).get("booked_at"),
        }

    def events(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        """The events that the record can have, with the ids they must have, and which were heard.

        What is heard may be a minute late: the audit trail is written in pieces.
        """
        expected = {
            event_id(told["msg_id"], told["ingest_id"], detail_type): detail_type
            for detail_type in _BEFORE_LEDGER
            if told.get("msg_id") and told["record"]
        }
        bookings = (told.get("booking"), told.get("resolution"), *told.get("corrections", []))
        for booking in bookings:
            if booking:
                expected[ledger_event_id(booking["header_id"], _POSTED)] = _POSTED
        heard = self._heard(told, set(expected))
        due = _DUE.get(told["outcome"], ())
        return [
            {
                "event_id": each,
                "detail_type": detail_type,
                "expected": detail_type in due or detail_type == _POSTED,
                **_told_of(heard.get(each, [])),
            }
            for each, detail_type in expected.items()
        ]

    def _heard(self, told: dict[str, Any], wanted: set[str]) -> dict[str, list[Event]]:
        moments = [datetime.fromisoformat(each) for each in told["timings"].values() if each]
        if not moments:
            return {}
        # A repeat may have been delivered later; that is what the audit is for.
        until = min(max(moments) + _SLACK, datetime.now(UTC))
        heard: dict[str, list[Event]] = {}
        for event in self._trail.events(min(moments), until):
            found = event.detail.get("meta", {}).get("event_id")
            if found in wanted:
                heard.setdefault(found, []).append(event)
        return heard

    def balance_now(self, told: dict[str, Any]) -> dict[str, Any] | None:
        latest = (
            *reversed(told.get("corrections", [])),
            told.get("resolution"),
            told.get("booking"),
        )
        effect = next((each["customer"] for each in latest if each and each["customer"]), None)
        if not effect:
            return None
        row = self.balances.read(effect["account"], effect["currency"])
        return _builtins(row) | {"posted": row.posted} if row else None


def _told_of(events: list[Event]) -> dict[str, Any]:
    """How often it was delivered, when first, and the decision inside, if it carries one."""
    decision = next(
        (e.detail["data"]["decision"] for e in events if "decision" in e.detail["data"]), None
    )
    return {
        "heard": len(events),
        "first_heard_at": min((event.time for event in events), default=None),
        "decision": decision,
    }


def _builtins(value: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(value))
