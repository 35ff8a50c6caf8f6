"""How the rows behind a stream's letters are mended: by the repairs' own ways, row by row or by
time.
"""

from collections.abc import Callable
from datetime import datetime

from adapters.announcements import Announced, Announcements
from adapters.recovery import SentOn, Sweep, minutes_between
from adapters.refold import Refold
from adapters.stream_letters import Key
from domain.errors import Unavailable
from domain.letters import Mended


class MendInbox:
    """Records without an outcome go through the claim and onto the bus, as a sweep sends them."""

    def __init__(self, sweep: Sweep, timestamp: Callable[[], str]) -> None:
        self._sweep = sweep
        self._timestamp = timestamp

    def by_key(self, keys: list[Key], dry_run: bool) -> Mended:
        ids = [key["ingest_id"] for key in keys]
        sent = self._sweep.send_on(ids, self._timestamp(), dry_run=dry_run)
        left = set(ids) - set(sent.resent)
        return _accepted(sent, Mended(resent=sent.resent, settled=tuple(sorted(left))))

    def by_time(self, since: datetime, until: datetime, dry_run: bool) -> Mended:
        swept = [
            self._sweep.sweep(minute, self._timestamp(), dry_run=dry_run)
            for minute in minutes_between(since, until)
        ]
        for each in swept:
            _accepted(each, Mended())
        return Mended(
            resent=tuple(ingest_id for each in swept for ingest_id in each.resent),
            settled=tuple(ingest_id for each in swept for ingest_id in each.parked),
        )


class MendJournal:
    """Bookings are announced again."""

    def __init__(self, announcements: Announcements, now: Callable[[], datetime]) -> None:
        self._announcements = announcements
        self._now = now

    def by_key(self, keys: list[Key], dry_run: bool) -> Mended:
        return self._repeat(headers_of(keys), dry_run)

    def by_time(self, since: datetime, until: datetime, dry_run: bool) -> Mended:
        _, missing = self._announcements.missing_between(since, until, self._now())
        return self._repeat(missing, dry_run)

    def _repeat(self, header_ids: list[str], dry_run: bool) -> Mended:
        done: Announced = self._announcements.repeat(header_ids, dry_run=dry_run)
        if done.refused:
            raise Unavailable(f"the bus keeps refusing the events of {', '.join(done.refused)}")
        return Mended(resent=done.republished)


class MendFolds:
    """Bookings without a marker are folded."""

    def __init__(self, refold: Refold) -> None:
        self._refold = refold

    def by_key(self, keys: list[Key], dry_run: bool) -> Mended:
        header_ids = headers_of(keys)
        folded = self._refold.fold(header_ids, dry_run=dry_run)
        return Mended(resent=tuple(folded), settled=tuple(sorted(set(header_ids) - set(folded))))

    def by_time(self, since: datetime, until: datetime, dry_run: bool) -> Mended:
        _, folded = self._refold.between(since, until, dry_run=dry_run)
        return Mended(resent=tuple(folded))


def headers_of(keys: list[Key]) -> list[str]:
    """The header ids among the keys of journal rows: lines and pointers have other ones."""
    return [key["pk"] for key in keys if key["sk"] == "H"]


def _accepted(sent: SentOn, mended: Mended) -> Mended:
    if sent.unsent:
        raise Unavailable(f"the bus keeps refusing the events of {', '.join(sent.unsent)}")
    return mended
