"""What a parked row repeats of its record, so that it can be looked at and sent on by itself."""

from domain.received import Received

CARRIED = (
    "msg_id",
    "fingerprint",
    "cain",
    "token",
    "last4",
    "network",
    "mti",
    "door",
    "source_ref",
    "business_time",
    "received_at",
)


def parked_fields(record: Received) -> dict[str, str]:
    return {name: getattr(record, name) for name in CARRIED}
