"""How long a payment's timers run."""

from datetime import datetime, timedelta

from domain.business_time import iso_instant


def hold_until(business_time: str, hours: int | None) -> str | None:
    """When a hold of this business time (ISO, UTC) expires; None where no lifetime is known."""
    return after(business_time, hours * 3600) if hours is not None else None


def after(instant: str, seconds: int) -> str:
    """So many seconds later, as 2026-11-20T10:11:12Z."""
    return iso_instant(datetime.fromisoformat(instant) + timedelta(seconds=seconds))
