"""The tables and the trail as plain rows, and what of it is missing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from adapters.items import from_item
from cli.audit.reading import Books
from domain.announcement import posted_event_id
from domain.booking import primary_header_id
from domain.business_time import iso_instant
from domain.events import TransactionPosted
from domain.identity import distinct_message_id
from tests.fakes.expressions import Attributes

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

# Pure, and asked for the same few records again and again.
_announcement = cache(posted_event_id)
_distinct = cache(distinct_message_id)

_ROWS: dict[int, tuple[Attributes, Row]] = {}
_ROWS_MAX = 4_096

# Where the sweep keeps how far it came, and how old what it looks at is at least.
SWEEP = ("SWEEP",)
_SWEEP_AGE_SECONDS = 900.0

# The trail's objects lie under YYYY/MM/DD/HH/, reports beside them.
_CENTURY = "20"


class SimulatedBooks:
    def __init__(self, run: "CloudRun") -> None:
        self._run = run
        self._trail_read: dict[str, list[dict[str, Any]]] = {}
        self._found: dict[str, tuple[int, list[str]]] = {}

    # --- what the repairs would find

    def anything_for(self, function: str) -> bool:
        """Whether a repair of this name has anything to do at its own schedule, or might have."""
        if function == "TimersFunction":
            return self.timers_ended()
        look = {
            "SweepFunction": (self.in_flight, "InboxTable", "received_at", _SWEEP_AGE_SECONDS),
            "RepublishFunction": (self.unannounced, "JournalTable", "booked_at", 900.0),
            "RebuildBalancesFunction": (self.unfolded, "JournalTable", "booked_at", 120.0),
            "CheckSequencesFunction": (self.unassembled, "AssembliesTable", "last_at", 120.0),
        }.get(function)
        if look is None:
            return False
        missing, table, since, age = look
        latest = (self._run.clock.now() - timedelta(seconds=age)).isoformat()
        return any(self._item(table, each)[since]["S"] <= latest for each in missing())

    def leave_out(self, function: str) -> None:
        """What a repair that has nothing to do at its own schedule would leave behind."""
        if function == "SweepFunction":
            minute = (self._run.clock.now() - timedelta(seconds=_SWEEP_AGE_SECONDS)).isoformat()[
                :16
            ]
            items = self._run.database.tables["ClaimsTable"].items
            if SWEEP not in items or minute > items[SWEEP]["minute"]["S"]:
                items[SWEEP] = swept(minute)

    def _item(self, table: str, name: str) -> dict[str, Any]:
        key = (name,) if table == "InboxTable" else (name, "H")
        return self._run.database.tables[table].items[key]

    def in_flight(self) -> list[str]:
        """Records without an outcome."""
        return self._unless_nothing_was_written("in flight", self._in_flight)

    def _unless_nothing_was_written(self, name: str, look: Callable[[], list[str]]) -> list[str]:
        """The same answer as last time, where no table has changed since."""
        writes = self._run.database.writes
        known = self._found.get(name)
        if known is None or known[0] != writes:
            known = self._found[name] = (writes, look())
        return list(known[1])

    def _in_flight(self) -> list[str]:
        tables = self._run.database.tables
        parked, journal = tables["ParkedTable"].items, tables["JournalTable"].items
        found = []
        for (ingest_id,), item in tables["InboxTable"].items.items():
            row = parked.get((ingest_id,))
            if row is not None and row["state"]["S"] != "RELEASED":
                continue
            msg_id = item["msg_id"]["S"]
            own = (msg_id, _distinct(msg_id, ingest_id))
            headers = (journal.get((primary_header_id(each), "H")) for each in own)
            if not any(
                each is not None and each["ingest_id"]["S"] == ingest_id for each in headers
            ):
                found.append(ingest_id)
        return found

    def header_ids(self) -> list[str]:
        return [pk for pk, sk in self._run.database.tables["JournalTable"].items if sk == "H"]

    def unfolded(self) -> list[str]:
        return self._unless_nothing_was_written("unfolded", self._unfolded)

    def _unfolded(self) -> list[str]:
        markers = self._run.database.tables["BalancesTable"].items
        return [each for each in self.header_ids() if (f"F#{each}",) not in markers]

    def unassembled(self) -> list[str]:
        """Sequences that have all their legs and wait for their booking."""
        return [
            pk
            for (pk, sk), item in self._run.database.tables["AssembliesTable"].items.items()
            if sk == "H"
            and item.get("state") == {"S": "OPEN"}
            and item["got"] == item.get("leg_count")
        ]

    def booked_at(self, header_id: str) -> datetime:
        return datetime.fromisoformat(self._item("JournalTable", header_id)["booked_at"]["S"])

    def unannounced(self) -> list[str]:
        heard = {detail["meta"]["event_id"] for detail in self.announced()}
        return [each for each in self.header_ids() if _announcement(each) not in heard]

    def parked_ids(self) -> list[str]:
        rows = self._run.database.tables["ParkedTable"].items.values()
        return [row["ingest_id"]["S"] for row in rows if "state" in row]

    def waiting_ids(self) -> list[str]:
        """Records about which somebody has to decide."""
        rows = self._run.database.tables["ParkedTable"].items.values()
        return [row["ingest_id"]["S"] for row in rows if row.get("state") == {"S": "PARKED"}]

    def booked_ids(self) -> set[str]:
        """Records that have a booking, whichever."""
        headers = self._run.database.tables["JournalTable"].items.items()
        return {item["ingest_id"]["S"] for (_, sk), item in headers if sk == "H"}

    def waiting(self) -> list[str]:
        """Records that wait for the message that they follow."""
        rows = self._run.database.tables["ParkedTable"].items.values()
        return [
            row["ingest_id"]["S"]
            for row in rows
            if (row.get("state"), row.get("reason")) == ({"S": "PARKED"}, {"S": "PENDING_MATCH"})
        ]

    def timers_ended(self) -> bool:
        """Whether a payment or a request has a timer that ended by now."""
        now = iso_instant(self._run.clock.now())
        tables = self._run.database.tables
        rows = (*tables["PaymentsTable"].items.values(), *tables["ParkedTable"].items.values())
        waiting = (row for row in rows if row.get("state") != {"S": "RELEASED"})
        return any(row["due_at"]["S"] <= now for row in waiting if "due_shard" in row)

    def repeats(self) -> list[str]:
        """Records that wait as repeats of others."""
        rows = self._run.database.tables["ParkedTable"].items.values()
        return [
            row["ingest_id"]["S"]
            for row in rows
            if row.get("state") == {"S": "PARKED"}
            and row["reason"]["S"] in {"DUPLICATE", "CONFLICT"}
        ]

    def suspended_ids(self) -> list[str]:
        headers = self._run.database.tables["JournalTable"].items.items()
        return [
            item["ingest_id"]["S"]
            for (_, sk), item in headers
            if sk == "H" and item["purpose"]["S"] == "SUSPEND"
        ]

    # --- the trail

    def announced(self) -> list[dict[str, Any]]:
        """Details of TransactionPosted in the audit trail."""
        found = []
        for bucket, objects in self._run.buckets.objects.items():
            if bucket not in self._run.audit_buckets:
                continue
            for key, versions in objects.items():
                if not key.startswith(_CENTURY):
                    continue
                if key not in self._trail_read:
                    self._trail_read[key] = _posted(versions[-1][1])
                found += self._trail_read[key]
        return found

    # --- all of it

    def rows(self, table: str) -> list[Row]:
        """An item is never changed in place, and those that runs start from stay the same ones."""
        return [_row(item) for item in self._run.database.tables[table].items.values()]

    def read(self) -> Books:
        inbox, parked = self.rows("InboxTable"), self.rows("ParkedTable")
        journal, balances = self.rows("JournalTable"), self.rows("BalancesTable")
        return Books(
            at=self._run.clock.now(),
            inbox={row["ingest_id"]: row for row in inbox},
            parked={row["ingest_id"]: row for row in parked if "state" in row},
            headers={row["pk"]: row for row in journal if row["sk"] == "H"},
            lines=[row for row in journal if row["pk"].startswith("S#")],
            balances=[row for row in balances if row["pk"].startswith("B#")],
            payments=[row for row in self.rows("PaymentsTable") if row["pk"].startswith("P#")],
            markers=frozenset(
                row["pk"].removeprefix("F#") for row in balances if row["pk"].startswith("F#")
            ),
            announced=self.announced(),
        )


def _row(item: Attributes) -> Row:
    known = _ROWS.get(id(item))
    if known is None or known[0] is not item:
        if len(_ROWS) >= _ROWS_MAX:
            _ROWS.clear()
        known = _ROWS[id(item)] = (item, from_item(item))
    return known[1]


def _posted(content: bytes) -> list[dict[str, Any]]:
    events = (msgspec.json.decode(line) for line in content.splitlines() if line)
    wanted = TransactionPosted.detail_type()
    return [event["detail"] for event in events if event["detail-type"] == wanted]


def swept(minute: str) -> Attributes:
    """The row that says how far the sweep came: a minute as ISO has it, in UTC."""
    return {"msg_id": {"S": SWEEP[0]}, "minute": {"S": f"{minute}+00:00"}}
