"""How long a payment's timers run."""

from datetime import datetime, timedelta

from domain.business_time import iso_instant


def hold_until(business_time: str, received_at: str, hours: int | None) -> str | None:
    """When a hold expires; None where no lifetime is known.

    It lives from the message's own time (ISO, UTC), or from its reception if that was later: what
    was held up on its way is not released before its clearing had a chance to come.
    """
    if hours is None:
        return None
    begins = max(datetime.fromisoformat(each) for each in (business_time, received_at))
    return after(begins.isoformat(), hours * 3600)


def after(instant: str, seconds: int) -> str:
    """So many seconds later, as 2026-11-20T10:11:12Z."""
    return iso_instant(datetime.fromisoformat(instant) + timedelta(seconds=seconds))
