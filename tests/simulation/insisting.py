"""A person who asks a function, and asks again after a failure: the same order."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_TRIES = 8
_PATIENCE_SECONDS = 30.0


def insist(
    run: "CloudRun", saying: str, function: str, event: dict[str, Any], tries: int = 0
) -> None:
    """`saying` is what the trace tells of each time."""
    run.note(saying)

    def done(_result: Any, error: BaseException | None) -> None:
        if error is not None and tries < _TRIES:
            run.scheduler.later(
                _PATIENCE_SECONDS, lambda: insist(run, saying, function, event, tries + 1)
            )

    run.functions.invoke(function, event, done)
