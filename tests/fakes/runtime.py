"""What the Lambda runtime gives a handler and takes from it: the context, and the log."""

import io
import json
from collections.abc import Callable
from typing import Any


class Context:
    """`remaining` says how many milliseconds are left, each time it is asked."""

    function_name = "function"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id = "b3f8a6c2-0000-4000-8000-000000000000"

    def __init__(self) -> None:
        self.remaining: Callable[[], int] = lambda: 240_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining()


class Log:
    """The lines that handlers wrote, as text and as what each line says."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def named(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["message"] == message]


class Crash(BaseException):
    """The process dies: nothing in the code may catch it."""


def crash_in(operation: str) -> Callable[[str], None]:
    """A hook for the database in memory that dies at this operation."""

    def hook(running: str) -> None:
        if running == operation:
            raise Crash

    return hook
