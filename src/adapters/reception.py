"""Receiving records: tokenise, identify, and put each one into the Inbox or, when invalid, into
Parked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from adapters.inbox import InboxTable
from adapters.parked import ParkedTable
from adapters.parked_row import CONFLICT, INVALID, ParkedRow
from adapters.vault import IndexKey, Vault
from domain import cain, identity
from domain.iso8583.decoded import Decoded, Invalid, Problem
from domain.received import Received
from domain.standardise import to_cain

RECEIVED, REFUSED, CONTENT_CHANGED = "RECEIVED", "INVALID", "CONTENT_CHANGED"
_DAY_SECONDS = 86_400


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One received record: `content` as received, which is digested with the index key, never
    stored.
    """

    ingest_id: str
    source_ref: str
    content: bytes
    message: Decoded | Invalid


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a submission; `original` is the first record with the same invalid content."""

    ingest_id: str
    status: str
    msg_id: str | None = None
    errors: tuple[Problem, ...] = ()
    original: str | None = None


class Reception:
    """One per door: `door` is "api" or "s3"."""

    def __init__(
        self,
        door: str,
        inbox: InboxTable,
        parked: ParkedTable,
        vault: Vault,
        index: IndexKey,
        retention_days: int,
    ) -> None:
        self._door = door
        self._inbox = inbox
        self._parked = parked
        self._vault = vault
        self._index = index
        self._retention_days = retention_days

    def receive(self, submissions: Sequence[Submission], at: datetime) -> list[Receipt]:
        """A receipt for each submission, in order. Raises Unavailable: submit the same again."""
        valid = [each.message for each in submissions if isinstance(each.message, Decoded)]
        tokens = self._vault.tokens_of(message.card_number for message in valid)
        receipts = []
        for each in submissions:
            if isinstance(each.message, Decoded):
                token = tokens[each.message.card_number]
                receipts.append(self._accept(each, each.message, token, at))
            else:
                receipts.append(self._refuse(each, each.message, at))
        return receipts

    def _accept(
        self, submission: Submission, message: Decoded, token: str, at: datetime
    ) -> Receipt:
        digest = self._index.digest(submission.content)
        record = identified(submission, message, token, self._door, digest, at)
        expires_at = int(at.timestamp()) + self._retention_days * _DAY_SECONDS
        standing = self._inbox.put(record, expires_at)
        if standing is None or standing["content_digest"] == record.content_digest:
            return Receipt(ingest_id=record.ingest_id, status=RECEIVED, msg_id=record.msg_id)
        return self._changed(submission, at)

    def _refuse(self, submission: Submission, message: Invalid, at: datetime) -> Receipt:
        digest = self._index.digest(submission.content)
        original = self._parked.first_with(digest, submission.ingest_id)
        row = self._parked_row(submission, digest, at, INVALID, message.errors[0].code)
        standing = self._parked.put(
            msgspec.structs.replace(
                row,
                message=message.errors[0].message,
                errors=tuple(msgspec.to_builtins(message.errors)),
                original=original,
                network=message.network,
                mti=message.mti,
                last4=message.last4,
            )
        )
        if standing is not None and standing.get("content_digest") != digest:
            return self._changed(submission, at)
        return Receipt(
            ingest_id=submission.ingest_id,
            status=REFUSED,
            errors=message.errors,
            original=original,
        )

    def _changed(self, submission: Submission, at: datetime) -> Receipt:
        """Other content under an id that is taken: kept under an id of its own, for a person to
        look at.
        """
        digest = self._index.digest(submission.content)
        row = self._parked_row(submission, digest, at, CONFLICT, CONTENT_CHANGED)
        self._parked.put(
            msgspec.structs.replace(
                row,
                ingest_id=f"{submission.ingest_id}#{digest[:16]}",
                message="the record was received before with other content",
                original=submission.ingest_id,
            )
        )
        return Receipt(ingest_id=submission.ingest_id, status=CONTENT_CHANGED)

    def _parked_row(
        self, submission: Submission, digest: str, at: datetime, reason: str, code: str
    ) -> ParkedRow:
        return ParkedRow(
            ingest_id=submission.ingest_id,
            reason=reason,
            code=code,
            message="",
            parked_at=_timestamp(at),
            received_at=_timestamp(at),
            door=self._door,
            source_ref=submission.source_ref,
            content_digest=digest,
            content_length=len(submission.content),
        )


def identified(
    submission: Submission,
    message: Decoded,
    token: str,
    door: str,
    content_digest: str,
    at: datetime,
) -> Received:
    """The record of a valid message, whose card has this token."""
    msg_id = identity.message_id(message)
    fields = identity.business_fields(message, token)
    return Received(
        ingest_id=submission.ingest_id,
        msg_id=msg_id,
        fingerprint=identity.fingerprint(fields),
        fields=fields,
        network=message.network,
        mti=message.mti,
        token=token,
        last4=message.card_number.last4,
        cain=cain.to_json(to_cain(message, token, msg_id)),
        business_time=message.transmitted_at,
        received_at=_timestamp(at),
        door=door,
        source_ref=submission.source_ref,
        content_digest=content_digest,
    )


def _timestamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON values, for the submitter."""
    return msgspec.to_builtins(receipt)  # type: ignore[no-any-return]
