"""Dead letters: what could not be delivered, and what each kind of letter says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.errors import Refused
from domain.events import Event, UnknownEvent, detail_type_of

# In the order in which a transaction travels.
QUEUES = (
    "LandingDeadLetters",
    "InboxPipeDeadLetters",
    "BusDeadLetters",
    "EnrichDeadLetters",
    "RulesDeadLetters",
    "PostDeadLetters",
    "PostBatchDeadLetters",
    "LegDeadLetters",
    "JournalPipeDeadLetters",
    "FoldDeadLetters",
    "NotifyDeadLetters",
    "ConsumerDeadLetters",
    "ScheduleDeadLetters",
)


class Unreadable(Refused):
    """The letter is none of the kind that its queue holds."""

    def __init__(self, message: str) -> None:
        super().__init__("UNREADABLE", message)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`attributes` are those that the sender gave it, `sent_at` seconds since 1970, 0 if unknown.

    `receipt` stands for this one reception: with it the letter is deleted or put back.
    """

    letter_id: str
    body: str
    receipt: str
    sent_at: float = 0.0
    attributes: Mapping[str, str] = {}


class StreamRange(msgspec.Struct, frozen=True, kw_only=True):
    """The records that a pipe or a function gave up: where they stand, not what they hold."""

    stream_arn: str
    shard_id: str
    first: str
    last: str
    since: datetime
    until: datetime


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """What one letter stood for: sent on its way again, or settled before.

    `by_time` says which time the tables were searched for, where the stream knew no more.
    """

    resent: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    by_time: tuple[datetime, datetime] | None = None


class _Batch(msgspec.Struct, frozen=True, rename="camel"):
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: datetime
    approximate_arrival_of_last_record: datetime
    stream_arn: str


class _Envelope(msgspec.Struct, frozen=True):
    detail: msgspec.Raw


class _StreamLetter(msgspec.Struct, frozen=True):
    batch: _Batch = msgspec.field(name="DDBStreamBatchInfo")


class _Call(msgspec.Struct, frozen=True, rename="camel"):
    function_arn: str


class _FailedCall(msgspec.Struct, frozen=True, rename="camel"):
    request_context: _Call
    request_payload: msgspec.Raw


def event_of(body: str, *known: type[Event]) -> Event:
    """The event in a letter, of one of the kinds that its queue holds; Unreadable otherwise."""
    try:
        kind = detail_type_of(body)
        for event in known:
            if event.detail_type() == kind:
                return event.from_envelope(body)
    except UnknownEvent as error:
        raise Unreadable(str(error)) from error
    raise Unreadable(f"{kind} does not belong into this queue")


def detail_of(body: str) -> str:
    """The detail as it was said, with the fields that we do not know."""
    return bytes(msgspec.json.decode(body, type=_Envelope).detail).decode()


def stream_range(body: str) -> StreamRange:
    """What a letter of a pipe or of a stream's function names; both have the same batch."""
    try:
        batch = msgspec.json.decode(body, type=_StreamLetter).batch
    except msgspec.MsgspecError as error:
        raise Unreadable(f"it names no stream records: {error}") from error
    return StreamRange(
        stream_arn=batch.stream_arn,
        shard_id=batch.shard_id,
        first=batch.start_sequence_number,
        last=batch.end_sequence_number,
        since=batch.approximate_arrival_of_first_record,
        until=batch.approximate_arrival_of_last_record,
    )


def failed_call(letter: Letter) -> tuple[str, str]:
    """The ARN of the function that was not called or that failed, and its payload as JSON.

    A schedule that reached nobody leaves the payload with the target as an attribute; a function
    that failed leaves a report around the payload.
    """
    target = letter.attributes.get("TARGET_ARN")
    if target:
        return target, letter.body or "{}"
    try:
        call = msgspec.json.decode(letter.body, type=_FailedCall)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"it names no function: {error}") from error
    return call.request_context.function_arn, bytes(call.request_payload).decode()


def landed_key(body: str) -> str:
    """The object that a notice of the landing bucket is about."""
    try:
        notice: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        return str(notice["detail"]["object"]["key"])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Unreadable(f"it names no file: {type(error).__name__}") from error
