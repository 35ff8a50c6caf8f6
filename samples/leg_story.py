"""A transfer that the accounts' own interface books: two legs of one sequence, said one by one."""

from datetime import UTC, datetime

from domain import chart
from domain.events import Meta, PostingLegCreated, SequenceLeg
from domain.identity import ledger_event_id
from domain.posting import POSTED, Leg
from domain.sequence import header_id_of, sequence_checksum

TRANSFER = "TRF-2026-11-20-0001"
SAID_AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
_VALUE_DATE = "2026-11-20"
_LEGS = (
    Leg(1, chart.nostro("EUR"), "EUR", "D", 25_000, POSTED, "TRANSFER"),
    Leg(2, chart.customer("A-1001"), "EUR", "C", 25_000, POSTED, "TRANSFER"),
)


def legs_said(
    sequence_id: str = TRANSFER, legs: tuple[Leg, ...] = _LEGS, checksum: str | None = None
) -> list[PostingLegCreated]:
    """One event for each leg, as an outside interface says it."""
    told = checksum or sequence_checksum(sequence_id, _VALUE_DATE, legs)
    return [_said(sequence_id, leg, len(legs), told) for leg in legs]


def _said(sequence_id: str, leg: Leg, leg_count: int, checksum: str) -> PostingLegCreated:
    return PostingLegCreated(
        meta=Meta(
            event_id=ledger_event_id(f"{header_id_of(sequence_id)}#{leg.n}", "PostingLegCreated"),
            msg_id=sequence_id,
            correlation_id=sequence_id,
            causation_id=sequence_id,
            business_time=f"{SAID_AT:%Y-%m-%dT%H:%M:%SZ}",
        ),
        data=SequenceLeg(
            sequence_id=sequence_id,
            leg_count=leg_count,
            checksum=checksum,
            value_date=_VALUE_DATE,
            leg=leg,
            narrative="Transfer from another bank",
        ),
    )
