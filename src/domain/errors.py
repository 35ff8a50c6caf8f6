"""The three kinds of failure, by what the caller should do.

PostingError
├── Refused        the input can never be accepted: park it with the reason, do not retry
│   └── Contradiction   two stored facts disagree: do not retry, call a person
└── Unavailable    a dependency did not answer or asked us to slow down: retry later

Anything else that is raised is a bug and is left to crash, so that the delivery is repeated and
seen.
"""


class PostingError(Exception):
    """The base of every failure that this system names itself."""


class Refused(PostingError):
    """The input can never be accepted; `code` is the parked row's code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Contradiction(Refused):
    """The same record was booked before with other content: money may be wrong, a person must
    look.
    """


class Unavailable(PostingError):
    """A dependency is throttled, conflicting or down; the same request may succeed later."""
