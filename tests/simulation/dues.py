"""When somebody looks again who waits for a timer to end."""

from collections.abc import Iterable
from datetime import datetime

SOONEST_SECONDS = 0.4
PATIENCE_SECONDS = 7_200.0


def until_due(dues: Iterable[str], now: datetime, otherwise: float) -> float:
    """Seconds to the first of these ISO instants; SOONEST_SECONDS where it is over, and `otherwise`
    where there is none.
    """
    first = min(dues, default=None)
    if first is None:
        return otherwise
    return max(SOONEST_SECONDS, (datetime.fromisoformat(first) - now).total_seconds())
