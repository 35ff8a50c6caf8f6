"""One run of the reconciliation: what it looks at, and where it leaves what it found."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

import msgspec

from domain.identity import SHARDS
from domain.reconciliation import Comparison

# Hourly runs look at every record and booking three times, and a daily run once more.
_LOOK_BACK = timedelta(hours=3)
_MINUTE = timedelta(minutes=1)
_WAIT_SECONDS = 60


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The input of an execution. `window` may be "yesterday" (UTC); `since` and `until` are ISO
    8601 with a time zone; without any it is the last three hours.

    `balances`: compare the balances too, which reads the whole journal. `patience_minutes`: what is
    younger may still be under way. `wait_seconds`: between a repair and the next look.
    """

    window: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    repair: bool = False
    balances: bool = True
    patience_minutes: int | None = None
    wait_seconds: int = _WAIT_SECONDS


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The window is whole minutes, `since` inclusive, `until` exclusive."""

    run_id: str
    started_at: datetime
    since: datetime
    until: datetime
    repair: bool
    balances: bool
    patience_minutes: int
    wait_seconds: int

    @classmethod
    def plan(cls, run_id: str, started_at: datetime, asked: Asked, patience_minutes: int) -> Self:
        """The run of this name. Raises ValueError where the window is empty or has no name."""
        since, until = _window(started_at.astimezone(UTC), asked)
        if since >= until:
            raise ValueError(f"the window ends before it begins: {since} to {until}")
        patience = asked.patience_minutes
        return cls(
            run_id=run_id,
            started_at=started_at,
            since=since,
            until=until,
            repair=asked.repair,
            balances=asked.balances,
            patience_minutes=patience_minutes if patience is None else patience,
            wait_seconds=asked.wait_seconds,
        )

    @property
    def folder(self) -> str:
        """Where the run's lists lie in the audit bucket; its reports lie beside it."""
        return f"reconciliation/{self.started_at.astimezone(UTC):%Y-%m-%d}/{self.run_id}"

    def overdue_before(self, now: datetime) -> datetime:
        """What is older should have arrived by now."""
        return now - timedelta(minutes=self.patience_minutes)

    def minute_shards(self, after: str | None = None) -> Iterator[str]:
        """The index keys of the window in their order; those behind the key `after`."""
        minute = self.since
        if after is not None:
            minute = datetime.fromisoformat(after.partition("#")[0]).replace(tzinfo=UTC)
        while minute < self.until:
            for shard in range(SHARDS):
                key = f"{minute.isoformat()[:16]}#{shard}"
                if after is None or key > after:
                    yield key
            minute += _MINUTE

    def first_pass(self) -> dict[str, Comparison]:
        """The comparisons before their first page; one that is not asked for has none."""
        return {
            "records": Comparison(),
            "balances": Comparison(more=self.balances),
            "events": Comparison(),
        }


def _window(now: datetime, asked: Asked) -> tuple[datetime, datetime]:
    if asked.window == "yesterday":
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=1), midnight
    if asked.window is not None:
        raise ValueError(f"there is no window {asked.window}, only yesterday")
    until = _ceiling((asked.until or now).astimezone(UTC))
    since = (asked.since or until - _LOOK_BACK).astimezone(UTC)
    return since.replace(second=0, microsecond=0), until


def _ceiling(moment: datetime) -> datetime:
    """The end of the minute, so that what came a moment ago is looked at too."""
    minute = moment.replace(second=0, microsecond=0)
    return minute if minute == moment else minute + _MINUTE
