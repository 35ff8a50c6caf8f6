"""Letters that hold a whole event: it goes to the next step again, as it was said."""

from collections.abc import Callable
from typing import Any

from adapters.bus import Bus
from adapters.posting_queue import BatchQueue
from adapters.settled import Settled
from domain.errors import Unavailable
from domain.events import Event, OpeningRequested, TransactionPosted, TransactionPostingApproved
from domain.letters import Letter, Mended, Unreadable, detail_of, event_of, landed_key

type Send = Callable[[Event, Letter], None]


class EventLetters:
    """`known` are the events that come this way, `send` takes one and its letter.

    `still_open`: reasons of parked rows that do not settle a record at this step.
    """

    def __init__(
        self,
        settled: Settled,
        send: Send,
        *known: type[Event],
        still_open: frozenset[str] = frozenset(),
    ) -> None:
        self._settled = settled
        self._send = send
        self._known = known
        self._still_open = still_open

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        event = event_of(letter.body, *self._known)
        if self._settled.is_settled(event, self._still_open):
            return Mended(settled=(_subject(event),))
        if not dry_run:
            self._send(event, letter)
        return Mended(resent=(_subject(event),))


class FileLetters:
    """Notices of landed files: what a first reading received is met by its ids again."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        key = landed_key(letter.body)
        if not dry_run:
            self._send(letter.body)
        return Mended(resent=(key,))


def to_queue(client: Any, url: str) -> Callable[[str], None]:
    """Sends a body to this queue; raises what SQS answers when it does not take it."""

    def send(body: str) -> None:
        client.send_message(QueueUrl=url, MessageBody=body)

    return send


def event_to(send: Callable[[str], None]) -> Send:
    """Passes the body on and needs no more of the event."""
    return lambda _event, letter: send(letter.body)


def to_batch(batches: BatchQueue) -> Send:
    """Under the letter's name: a letter that is taken up twice is one message in the queue."""

    def send(event: Event, letter: Letter) -> None:
        if not isinstance(event, TransactionPostingApproved):
            raise Unreadable(f"{event.detail_type()} has no account to be batched under")
        batches.send(event.data, letter.body, letter.letter_id)

    return send


def to_workflow(client: Any, machine_arn: str) -> Send:
    """Starts the workflow with the event that it was started with, or should have been."""

    def send(_event: Event, letter: Letter) -> None:
        client.start_execution(stateMachineArn=machine_arn, input=letter.body)

    return send


def to_bus(bus: Bus) -> Send:
    def send(event: Event, letter: Letter) -> None:
        if not bus.repeat(event, detail_of(letter.body)):
            raise Unavailable("the bus keeps refusing the event")

    return send


def _subject(event: Event) -> str:
    """What the event is about, as an operator asks for it."""
    match event:
        case TransactionPosted(data=posted):
            return posted.header_id
        case OpeningRequested(data=opening):
            return f"opening of {opening.account_id} {opening.amount.currency}"
        case _:
            return event.meta.correlation_id
