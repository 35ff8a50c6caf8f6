"""Looking after posting sequences: what is complete is sent again, what waits too long is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from adapters.assemblies import OPEN, PARKED, Assemblies, Assembly
from adapters.refusals import code_of
from domain.errors import Refused, Unavailable
from domain.events import Meta, PostingLegCreated
from domain.sequence import Arrived

# The leg that completed it may be in the hands of its function yet.
_SETTLING = timedelta(minutes=2)


class Checked(msgspec.Struct, kw_only=True):
    """Ids of sequences: complete and sent again, and incomplete after their time; and how many are
    parked.
    """

    resent: list[str] = []
    incomplete: list[str] = []
    parked: int = 0


class SequenceCheck:
    def __init__(
        self,
        assemblies: Assemblies,
        queue: Any,
        queue_url: str,
        patience: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._assemblies = assemblies
        self._queue = queue
        self._queue_url = queue_url
        self._patience = patience
        self._now = now

    def check(self) -> Checked:
        """All open sequences. Raises Unavailable."""
        found, now = Checked(parked=sum(1 for _ in self._assemblies.in_state(PARKED))), self._now()
        for sequence_id in self._assemblies.in_state(OPEN):
            assembly = self._assemblies.get(sequence_id)
            if assembly is None or assembly.state != OPEN:
                continue
            if assembly.complete and now - _moment(assembly.last_at) >= _SETTLING:
                self._send_again(assembly)
                found.resent.append(sequence_id)
            elif not assembly.complete and now - _moment(assembly.first_at) >= self._patience:
                found.incomplete.append(sequence_id)
        return found

    def retry(self, sequence_id: str, by: str, note: str) -> None:
        """Try a parked sequence once more. Raises Refused, Unavailable."""
        assembly = self._known(sequence_id)
        if not self._assemblies.reopen(sequence_id, self._entry("RETRIED", by, note)):
            raise Refused("NOT_PARKED", f"{sequence_id} is {assembly.state}")
        # If this is lost, the next check finds it complete and open.
        if assembly.complete:
            self._send_again(assembly)

    def discard(self, sequence_id: str, by: str, note: str) -> None:
        """Close a sequence for good: it will not be booked. Raises Refused, Unavailable."""
        assembly = self._known(sequence_id)
        if not self._assemblies.discard(sequence_id, self._entry("DISCARDED", by, note)):
            raise Refused("NOT_OPEN", f"{sequence_id} is {assembly.state}")

    def _known(self, sequence_id: str) -> Assembly:
        assembly = self._assemblies.get(sequence_id)
        if assembly is None:
            raise Refused("NOT_FOUND", f"no leg of a sequence {sequence_id} has come")
        return assembly

    def _entry(self, state: str, by: str, note: str) -> dict[str, str]:
        at = self._now().isoformat(timespec="milliseconds")
        return {"state": state, "at": at, "by": by, "note": note}

    def _send_again(self, assembly: Assembly) -> None:
        """Its last leg: it meets itself, and the sequence is found to be complete."""
        last = self._assemblies.legs(assembly)[-1]
        try:
            self._queue.send_message(QueueUrl=self._queue_url, MessageBody=_envelope(last))
        except ClientError as error:
            raise Unavailable(f"the queue answers {code_of(error)}") from error
        except BotoCoreError as error:
            raise Unavailable(f"no answer from the queue: {type(error).__name__}") from error


def _envelope(arrived: Arrived) -> str:
    """The leg as its event said it."""
    event = PostingLegCreated(
        meta=Meta(
            event_id=arrived.event_id,
            msg_id=arrived.part.sequence_id,
            correlation_id=arrived.part.sequence_id,
            causation_id=arrived.part.sequence_id,
            business_time=arrived.business_time,
        ),
        data=arrived.part,
    )
    envelope = {
        "detail-type": event.detail_type(),
        "source": event.source,
        "detail": event,
    }
    return msgspec.json.encode(envelope).decode()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
