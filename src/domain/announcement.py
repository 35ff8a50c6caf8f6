"""The event of a journal header: the header is the outbox, so the event can be made again at any
time.
"""

from domain import identity
from domain.events import Meta, Posted, TransactionPosted
from domain.header import StoredHeader


def announce(header: StoredHeader) -> TransactionPosted:
    """TransactionPosted of this header: the same ids and content each time."""
    posted: Posted = header.posted
    return TransactionPosted(
        meta=Meta(
            event_id=posted_event_id(posted.header_id),
            msg_id=posted.msg_id,
            correlation_id=posted.ingest_id,
            causation_id=header.causation_id,
            business_time=header.business_time,
        ),
        data=posted,
    )


def posted_event_id(header_id: str) -> str:
    return identity.ledger_event_id(header_id, TransactionPosted.detail_type())
