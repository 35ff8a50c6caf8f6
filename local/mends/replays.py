"""A replay reaches only the rules that it names.

The engine keeps a replay's `FilterArns` and delivers to every rule of the bus. Here a rule that is
not among them is passed over, as the service does.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge as engine

from .expecting import expect

type Invoke = Callable[..., None]


def mend() -> None:
    """Ask before each delivery; the way of delivering stays what it is."""
    expect({engine._start_replay: "1ea7cca397a7", engine._dispatch_event: "d1bfe064f602"})
    engine._invoke_target = passing_over(engine._invoke_target)


def passing_over(invoke: Invoke) -> Invoke:
    """The same deliveries, but those of a replay to rules that it does not name."""

    def invoke_target(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        wanted = wanted_by(event.get("ReplayName"))
        if not wanted or rule.get("Arn") in wanted:
            invoke(target, event, rule, view)

    return invoke_target


def wanted_by(replay: str | None) -> list[str]:
    """The rules that a replay names; none means all."""
    known = engine._replays.get(replay) if replay else None
    return list(known["Destination"].get("FilterArns") or []) if known else []
