"""A journal header as it is read back."""

import msgspec

from domain.events import Posted


class StoredHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says, and what its event is made of.

    `record` is the decided record as JSON; only a booking in suspense keeps it. `decided` says who
    ordered the booking, where a person did.
    """

    posted: Posted
    causation_id: str
    business_time: str
    record: str | None = None
    decided: dict[str, str] | None = None
