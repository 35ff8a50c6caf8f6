"""Letters of schedules and of the repairs that they ran: the repair is run."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.letters import Letter, Mended, Unreadable, failed_call

type Run = Callable[[str], None]


class ScheduleLetters:
    """Made anew for each command: many letters of one repair are settled by running it once."""

    def __init__(self, repairs: Mapping[str, Run]) -> None:
        """`repairs`: what may be run, by a function's name or a workflow's ARN."""
        self._repairs = repairs
        self._ran: set[tuple[str, str]] = set()

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        arn, payload = failed_call(letter)
        name = _name_of(arn)
        if name not in self._repairs:
            raise Unreadable(f"it names no repair of ours: {arn}")
        shown = name.rpartition(":")[2]
        if (name, payload) in self._ran:
            return Mended(settled=(shown,))
        if not dry_run:
            self._repairs[name](payload)
        self._ran.add((name, payload))
        return Mended(resent=(shown,))


def to_function(client: Any, name: str) -> Run:
    """Handed over, not waited for: a repair may take its fifteen minutes, and one that fails leaves
    a letter again.
    """

    def run(payload: str) -> None:
        client.invoke(FunctionName=name, InvocationType="Event", Payload=payload.encode())

    return run


def to_machine(client: Any, arn: str) -> Run:
    """Starts a workflow that runs for itself; an alarm watches how it ends."""

    def run(payload: str) -> None:
        client.start_execution(stateMachineArn=arn, input=payload)

    return run


def _name_of(arn: str) -> str:
    """A function's name, with or without a version behind it; any other ARN as it is."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 and parts[5] == "function" else arn
