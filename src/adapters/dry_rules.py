"""The rules workflow, asked for its decision and nothing else.

The dry machine has the definition of the one on the money path, and a role that reads the rules
only. It is an Express workflow, so that its execution can be waited for.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import Unavailable
from domain.events import Decided, Event, TransactionEnriched

_AT_ONCE = 8
_SUCCEEDED = "SUCCEEDED"


class NotDecided(msgspec.Struct, frozen=True):
    """What failed inside, under the names that the record would be parked with."""

    code: str
    message: str


class _Detail(msgspec.Struct, frozen=True):
    data: Decided


class DryRules:
    def __init__(self, client: Any, machine_arn: str) -> None:
        self._client = client
        self._machine_arn = machine_arn

    def decide_all(self, events: Sequence[TransactionEnriched]) -> list[Decided | NotDecided]:
        """A decision for each, in order; some executions run at a time. Raises Unavailable."""
        if not events:
            return []
        with ThreadPoolExecutor(min(_AT_ONCE, len(events))) as pool:
            return list(pool.map(self.decide, events))

    def decide(self, event: TransactionEnriched) -> Decided | NotDecided:
        """Raises Unavailable."""
        try:
            answer = self._client.start_sync_execution(
                stateMachineArn=self._machine_arn, input=_input(event)
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the rules cannot be asked: {type(error).__name__}") from error
        if answer["status"] != _SUCCEEDED:
            return NotDecided(answer.get("error", answer["status"]), answer.get("cause", ""))
        # The outer state is a Parallel of one branch.
        (told,) = msgspec.json.decode(answer["output"], type=tuple[_Detail])
        return told.data


def _input(event: Event) -> str:
    """As much of a bus event as the workflow reads."""
    return '{"detail":' + event.to_detail() + "}"
