"""Dates that card messages send without a year, and the year that they mean."""

import re
from datetime import UTC, date, datetime, time, timedelta

# A sender's clock, or a business day that ended in another time zone, may run ahead of ours.
AHEAD = timedelta(days=2)
# Only 29 February can be older than this in the years that are tried.
BEHIND = timedelta(days=366)
_TIME = re.compile(r"\d{10}", re.ASCII)
_DATE = re.compile(r"\d{4}", re.ASCII)
# A leap year, to tell a date that never exists from one that needs the right year.
_LEAP_YEAR = 2024


def is_transmission_time(de7: str) -> bool:
    """MMDDhhmmss that exists in some year."""
    return _TIME.fullmatch(de7) is not None and _instant(_LEAP_YEAR, de7) is not None


def is_month_day(mmdd: str) -> bool:
    """MMDD that exists in some year."""
    return _DATE.fullmatch(mmdd) is not None and _day(_LEAP_YEAR, mmdd) is not None


def is_local_time(hhmmss: str) -> bool:
    return is_transmission_time("0101" + hhmmss)


def transmission_time(
    de7: str, received_at: datetime, business_date: date | None
) -> datetime | None:
    """DE7 (UTC) with its year: the latest that puts it at most two days after the business date.

    Without a business date, or where that gives no year, the time of receipt takes its place. The
    result is at most a year old: where no year gives that, as for 29 February, it is None.
    """
    anchors = [received_at.astimezone(UTC)]
    if business_date is not None:
        anchors.insert(0, datetime.combine(business_date, time.max, UTC))
    for anchor in anchors:
        for year in (anchor.year + 1, anchor.year, anchor.year - 1):
            instant = _instant(year, de7)
            if instant is not None and anchor - BEHIND <= instant <= anchor + AHEAD:
                return instant
    return None


def nearest_date(mmdd: str, to: date) -> date | None:
    """MMDD in the year that puts it nearest to a day; None when no year around it has that date."""
    days = [_day(year, mmdd) for year in (to.year - 1, to.year, to.year + 1)]
    return min((day for day in days if day), key=lambda day: abs(day - to), default=None)


def iso_instant(instant: datetime) -> str:
    """2026-11-20T10:11:12Z"""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(year: int, de7: str) -> datetime | None:
    month, day, hour, minute, second = (int(de7[at : at + 2]) for at in range(0, 10, 2))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _day(year: int, mmdd: str) -> date | None:
    try:
        return date(year, int(mmdd[:2]), int(mmdd[2:]))
    except ValueError:
        return None
