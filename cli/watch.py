"""Watching records until each has an outcome: only those still open are read again."""

from collections.abc import Iterable
from itertools import batched
from typing import Any

from cli.landing_door import Landed
from cli.outcomes import WAITING, Outcome, outcome_of
from cli.scanning import get_many
from cli.system import System
from domain.identity import distinct_message_id

_CHUNK = 100


class Watch:
    """`add` what was submitted, `poll` now and then; `outcomes` holds what is settled."""

    def __init__(self, system: System) -> None:
        self._client = system.client("dynamodb")
        self._tables = {
            kind: system.table(kind)
            for kind in ("Inbox", "Parked", "Journal", "Claims", "Balances")
        }
        self._records: dict[str, dict[str, Any]] = {}
        self._files: dict[str, Landed] = {}
        # In the order of submission, which is about the order in which they settle.
        self.open: dict[str, None] = {}
        self.outcomes: dict[str, Outcome] = {}
        # They have an outcome, which may still change; they are read again each time.
        self.waiting: set[str] = set()

    @property
    def total(self) -> int:
        return len(self.open) + len(self.outcomes)

    @property
    def received(self) -> int:
        """How many records the Inbox or Parked has."""
        return len(self.outcomes) + sum(ingest_id in self._records for ingest_id in self.open)

    def add(self, ingest_ids: Iterable[str]) -> None:
        for ingest_id in ingest_ids:
            if ingest_id not in self.outcomes:
                self.open[ingest_id] = None

    def add_file(self, landed: Landed) -> None:
        self._files[landed.file_id] = landed
        self.add(landed.ids)

    def poll(self) -> int:
        """Read what is open; returns how many records got their outcome now.

        Reads on only while most of what it reads has settled: a look must not slow down what it
        looks at.
        """
        before = len(self.outcomes)
        self._poll_files()
        for some in batched(list(self.open), _CHUNK, strict=False):
            settled = self._poll(some)
            if settled < len(some) // 2:
                break
        self._poll(tuple(sorted(self.waiting)))
        return len(self.outcomes) - before

    def look(self) -> int:
        """Read all that is open, once; returns how many records got their outcome now."""
        before = len(self.outcomes)
        self._poll_files()
        for some in batched(list(self.open), _CHUNK, strict=False):
            self._poll(some)
        self._poll(tuple(sorted(self.waiting)))
        return len(self.outcomes) - before

    def _poll_files(self) -> None:
        """A file that was refused as a whole settles all its records at once."""
        refused = self._get("Parked", "ingest_id", list(self._files))
        for file_id, row in refused.items():
            for ingest_id in self._files.pop(file_id).ids:
                self.open.pop(ingest_id, None)
            self.outcomes[file_id] = outcome_of(file_id, None, row, None)

    def _poll(self, ingest_ids: tuple[str, ...]) -> int:
        """Read these; returns how many settled. The others are read again after all the rest."""
        if not ingest_ids:
            return 0
        unknown = [each for each in ingest_ids if each not in self._records]
        self._records |= self._get("Inbox", "ingest_id", unknown)
        parked = self._get("Parked", "ingest_id", list(ingest_ids))
        headers = self._headers(ingest_ids, parked)
        outcomes = {
            ingest_id: outcome_of(
                ingest_id,
                self._records.get(ingest_id),
                parked.get(ingest_id),
                headers.get(ingest_id),
            )
            for ingest_id in ingest_ids
        }
        for ingest_id, outcome in outcomes.items():
            self.open.pop(ingest_id, None)
            self.waiting.discard(ingest_id)
            if outcome.kind == WAITING:
                self.waiting.add(ingest_id)
            if outcome.settled:
                self.outcomes[ingest_id] = outcome
            else:
                self.outcomes.pop(ingest_id, None)
                self.open[ingest_id] = None
        return sum(outcome.settled for outcome in outcomes.values())

    def _headers(
        self, ingest_ids: Iterable[str], parked: dict[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        """The header in the slot of each record that is known."""
        slots = {
            ingest_id: _slot(ingest_id, self._records[ingest_id], parked.get(ingest_id))
            for ingest_id in ingest_ids
            if ingest_id in self._records
        }
        keys = [{"pk": slot, "sk": "H"} for slot in sorted(set(slots.values()))]
        found = get_many(self._client, self._tables["Journal"], keys, lambda row: str(row["pk"]))
        return {each: found[slot] for each, slot in slots.items() if slot in found}

    def with_claims(self) -> list[Outcome]:
        """All outcomes, with the time of each record's claim, for the stage latencies."""
        msg_ids = {
            ingest_id: self._records[ingest_id]["msg_id"]
            for ingest_id in self.outcomes
            if ingest_id in self._records
        }
        claims = self._get("Claims", "msg_id", sorted(set(msg_ids.values())))
        return [
            _claimed(each, claims.get(msg_ids.get(each.ingest_id, "")))
            for each in self.outcomes.values()
        ]

    def unfolded(self) -> int:
        """How many of the bookings are not yet in the balances of the internal accounts."""
        booked = [each.header_id for each in self.outcomes.values() if each.header_id]
        markers = self._get("Balances", "pk", [f"F#{header_id}" for header_id in booked])
        return len(booked) - len(markers)

    def _get(self, kind: str, key: str, values: list[str]) -> dict[str, dict[str, Any]]:
        return get_many(
            self._client,
            self._tables[kind],
            ({key: value} for value in values),
            lambda row: str(row[key]),
        )


def _slot(ingest_id: str, record: dict[str, Any], parked: dict[str, Any] | None) -> str:
    """The header that the record competes for; a release as distinct has given it another one."""
    msg_id = str(record["msg_id"])
    distinct = distinct_message_id(msg_id, ingest_id)
    if parked is not None and parked.get("msg_id") == distinct:
        return f"J#{distinct}"
    return f"J#{msg_id}"


def _claimed(outcome: Outcome, claim: dict[str, Any] | None) -> Outcome:
    if claim is None or claim.get("owner") != outcome.ingest_id:
        return outcome
    return outcome.claimed(claim["claimed_at"])
