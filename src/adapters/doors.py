"""Doors that an operator may pause: which one is, since when, by whom and why.

Rows of the Reference table: `DOOR#name` / `CURRENT` says how it stands, `DOOR#name` / `AT#...` each
change of it, for ever.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from adapters import transactions
from adapters.items import from_item, to_item

OPEN, PAUSED = "OPEN", "PAUSED"
API, FILES, POSTING = "api", "files", "posting"
DOORS = (API, FILES, POSTING)
CURRENT = "CURRENT"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is the person who paused or resumed it, `note` why, `at` when (ISO)."""

    name: str
    state: str = OPEN
    at: str = ""
    by: str = ""
    note: str = ""

    @property
    def paused(self) -> bool:
        return self.state == PAUSED


class DoorTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, name: str) -> Door:
        """How the door stands, read strongly; open where nobody ever touched it."""
        answer = self._client.get_item(
            TableName=self._table,
            Key={"pk": {"S": door_key(name)}, "sk": {"S": CURRENT}},
            ConsistentRead=True,
        )
        return door_of(name, from_item(answer.get("Item", {})))

    def put(self, door: Door) -> None:
        """Set it and add the change to its story, in one transaction. Raises Unavailable."""
        row = {"state": door.state, "at": door.at, "by": door.by, "note": door.note}
        transactions.write(
            self._client,
            [
                {
                    "Put": {
                        "TableName": self._table,
                        "Item": to_item({"pk": door_key(door.name), "sk": sk} | row),
                    }
                }
                for sk in (CURRENT, f"AT#{door.at}")
            ],
        )


class DoorWatch:
    """One door as a function sees it: read anew after some seconds only."""

    def __init__(
        self, doors: DoorTable, name: str, now: Callable[[], datetime], seconds: float
    ) -> None:
        self._doors = doors
        self._known = Door(name=name)
        self._now = now
        self._keeps = timedelta(seconds=seconds)
        self._read_at: datetime | None = None

    def look(self) -> Door:
        """As last seen where it cannot be read now: the table behind the door says the rest."""
        now = self._now()
        if self._read_at is None or abs(now - self._read_at) >= self._keeps:
            self._read_at = now
            try:
                self._known = self._doors.get(self._known.name)
            except (ClientError, BotoCoreError):
                return self._known
        return self._known


def door_key(name: str) -> str:
    return f"DOOR#{name}"


def door_of(name: str, row: dict[str, Any]) -> Door:
    """From the plain values of its row; {} where there is none."""
    return msgspec.convert({"name": name} | row, Door)
