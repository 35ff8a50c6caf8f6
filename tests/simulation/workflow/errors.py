"""How a state fails."""

ALL = "States.ALL"
DATA_LIMIT = "States.DataLimitExceeded"
QUERY = "States.QueryEvaluationError"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"


class StateFailed(Exception):
    """A state failed: the name of the error, and its cause as text."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause

    def output(self) -> dict[str, str]:
        """What `$states.errorOutput` shows."""
        return {"Error": self.error, "Cause": self.cause}


class RunTimedOut(Exception):
    """The time of the whole run is over. No state can catch this."""


def matches(names: list[str], error: str) -> bool:
    """Whether an `ErrorEquals` takes this error.

    The wildcards take neither the end of a run (States.Runtime, by any name given) nor what is too
    large (States.DataLimitExceeded, unless it is named). States.TaskFailed leaves time-outs out.
    """
    if error == RUNTIME:
        return False
    if error in names:
        return True
    if error == DATA_LIMIT:
        return False
    return ALL in names or (TASK_FAILED in names and error != TIMEOUT)
