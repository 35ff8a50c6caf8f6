"""A received record as it lies in the Inbox: identified, tokenised, in ISO 20022 form."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from domain import cain, identity
from domain.events import Authorized, Meta, TransactionAuthorized


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` is the business content outside the key, by data element, which the fingerprint
    covers.
    """

    ingest_id: str
    msg_id: str
    fingerprint: str
    fields: dict[str, str]
    network: str
    mti: str
    token: str
    last4: str
    cain: str
    business_time: str
    received_at: str
    door: str
    source_ref: str
    content_digest: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From the plain values of an Inbox item; KeyError or msgspec.MsgspecError on a broken
        row.
        """
        fields = msgspec.json.decode(row["fields"], type=dict[str, str])
        return msgspec.convert(dict(row) | {"fields": fields}, cls)

    def to_row(self) -> dict[str, Any]:
        fields = msgspec.json.encode(self.fields).decode()
        return dict(msgspec.to_builtins(self)) | {"fields": fields}

    def authorized(self) -> TransactionAuthorized:
        """The event that says: this record is the one that counts for its message."""
        detail_type = TransactionAuthorized.detail_type()
        return TransactionAuthorized(
            meta=Meta(
                event_id=identity.event_id(self.msg_id, self.ingest_id, detail_type),
                msg_id=self.msg_id,
                correlation_id=self.ingest_id,
                causation_id=self.ingest_id,
                business_time=self.business_time,
            ),
            data=Authorized(
                ingest_id=self.ingest_id,
                msg_id=self.msg_id,
                fingerprint=self.fingerprint,
                network=self.network,
                mti=self.mti,
                token=self.token,
                last4=self.last4,
                received_at=self.received_at,
                door=self.door,
                source_ref=self.source_ref,
                cain=cain.from_json(self.cain),
            ),
        )
