"""How long the stages took, from the times that the records themselves carry."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cli.outcomes import Outcome

type Spans = dict[str, tuple[float, float, int]]


def stage_latencies(outcomes: Iterable[Outcome]) -> Spans:
    """Stage -> (p50, p95, count), in seconds, over the records that passed both ends."""
    outcomes = list(outcomes)
    stages = {
        "received to claimed": [(each.received_at, each.claimed_at) for each in outcomes],
        "claimed to booked": [(each.claimed_at, each.booked_at) for each in outcomes],
        "received to booked": [(each.received_at, each.booked_at) for each in outcomes],
    }
    found = {
        stage: [_seconds(*pair) for pair in pairs if all(pair)] for stage, pairs in stages.items()
    }
    return {
        stage: (percentile(spans, 50), percentile(spans, 95), len(spans))
        for stage, spans in found.items()
        if spans
    }


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that `share` percent of all values do not exceed."""
    ordered = sorted(values)
    place = -(-len(ordered) * share // 100)
    return ordered[max(place, 1) - 1]


def rate(outcomes: Iterable[Outcome]) -> float | None:
    """Bookings a second, from the first record received to the last one booked."""
    outcomes = [each for each in outcomes if each.booked_at]
    first = min((each.received_at for each in outcomes if each.received_at), default=None)
    last = max((each.booked_at for each in outcomes if each.booked_at), default=None)
    if first is None or last is None:
        return None
    span = _seconds(first, last)
    return len(outcomes) / span if span > 0 else None


def _seconds(start: str | None, end: str | None) -> float:
    if start is None or end is None:
        raise ValueError("a span needs both ends")
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
