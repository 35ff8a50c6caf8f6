"""What requests ask for: each question's parameters, as types that check and describe them.

The API's document is made from these types (samples/openapi). Every fault names its parameter and
says what to send instead.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from domain.currency import UnknownCurrency, exponent_of
from domain.errors import Refused

LIMIT_DEFAULT, LIMIT_MAX = 100, 1000
DAYS_DEFAULT, DAYS_MAX = 7, 366
REASONS = ("INVALID", "DUPLICATE", "CONFLICT", "REJECTED", "FAILED", "PENDING_MATCH")
STATES = ("PARKED", "RELEASED", "DISCARDED", "RESOLVED")


class BadParameter(Refused):
    """The request cannot be answered as it is; `parameter` is the one to change."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__("BAD_PARAMETER", message)
        self.parameter = parameter


def _told(description: str, remedy: str, example: str) -> Meta:
    return Meta(description=description, extra={"remedy": remedy}, examples=[example])


_A_DAY = "not a day: send a booking date in UTC such as 2026-11-20"

type Currency = Annotated[
    Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None,
    _told(
        "ISO 4217, three letters; the account's own when left out.",
        "not a currency: send three letters such as EUR",
        "EUR",
    ),
]
type Token = Annotated[
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,2000}$")] | None,
    _told(
        "`next` of the page before, with the same other parameters.",
        "not a token: send the one of the page before",
        "W1siMjAyNi0xMS0yMCJdXQ",
    ),
]
type Limit = Annotated[
    int,
    Meta(ge=1, le=LIMIT_MAX),
    _told(
        "How many at most in one answer.",
        f"not a number of entries: send 1 to {LIMIT_MAX}",
        str(LIMIT_DEFAULT),
    ),
]
type FirstDay = Annotated[date, _told("First day, in UTC.", _A_DAY, "2026-11-20")]
type DayAfter = Annotated[date, _told("The day after the last one, in UTC.", _A_DAY, "2026-11-21")]
type SinceDay = Annotated[
    date | None,
    _told(
        f"First day, in UTC; {DAYS_DEFAULT} days before `to` when left out.", _A_DAY, "2026-11-20"
    ),
]
type UntilDay = Annotated[
    date | None,
    _told("The day after the last one, in UTC; tomorrow when left out.", _A_DAY, "2026-11-21"),
]


class SubmissionQuery(msgspec.Struct, frozen=True, kw_only=True, rename={"dry_run": "dryRun"}):
    """With `true` the messages are only asked about."""

    dry_run: Annotated[
        Literal["true", "false"],
        _told(
            "Say what would become of each message, and receive nothing.",
            "neither true nor false: send one of them, or leave it out",
            "false",
        ),
    ] = "false"


class BalanceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`currency` None: the account's own; `at` None: now."""

    currency: Currency = None
    at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        _told(
            "The balance as it was at the end of this instant; not later than now.",
            "not an instant: send one with its zone: 2026-11-20T12:00:00Z",
            "2026-11-20T12:00:00Z",
        ),
    ] = None


class StatementQuery(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"since": "from", "until": "to", "token": "next"},
):
    """The days from `since` to the day before `until`; `token` leads to a later page."""

    since: FirstDay
    until: DayAfter
    currency: Currency = None
    limit: Limit = LIMIT_DEFAULT
    token: Token = None


class ParkedQuery(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"since": "from", "until": "to", "token": "next"},
):
    """None: every reason, code and state."""

    reason: Annotated[
        Literal["INVALID", "DUPLICATE", "CONFLICT", "REJECTED", "FAILED", "PENDING_MATCH"] | None,
        _told("Why it is parked.", f"send one of {', '.join(REASONS)}", "DUPLICATE"),
    ] = None
    code: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.]{1,100}$")] | None,
        _told(
            "The particular why.",
            "send a code as a parked item has it, such as DECLINED",
            "DECLINED",
        ),
    ] = None
    state: Annotated[
        Literal["PARKED", "RELEASED", "DISCARDED", "RESOLVED"] | None,
        _told("How it stands now.", f"send one of {', '.join(STATES)}", "PARKED"),
    ] = None
    since: SinceDay = None
    until: UntilDay = None
    limit: Limit = LIMIT_DEFAULT
    token: Token = None


class SuspenseQuery(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"since": "from", "until": "to", "token": "next"},
):
    """Booking days of the suspense bookings."""

    since: SinceDay = None
    until: UntilDay = None
    limit: Limit = LIMIT_DEFAULT
    token: Token = None


class TrialBalanceQuery(msgspec.Struct, frozen=True, kw_only=True, rename={"token": "next"}):
    limit: Limit = LIMIT_DEFAULT
    token: Token = None


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


def balance_query(given: Mapping[str, str], now: datetime) -> BalanceQuery:
    """Raises BadParameter."""
    query = read_query(given, BalanceQuery)
    if query.at is None:
        return query
    if query.at > now:
        raise BadParameter("at", "the instant has not come yet: leave it out for the balance now")
    return msgspec.structs.replace(query, at=query.at.astimezone(UTC))


def statement_query(given: Mapping[str, str]) -> StatementQuery:
    """Raises BadParameter."""
    query = read_query(given, StatementQuery)
    if query.since >= query.until:
        raise BadParameter("to", "the day after the last one: it must be later than from")
    return query


def days_of(query: ParkedQuery | SuspenseQuery, today: date) -> tuple[date, date]:
    """The first day, and the day after the last one. Raises BadParameter."""
    until = query.until or today + timedelta(days=1)
    since = query.since or until - timedelta(days=min(DAYS_DEFAULT, until.toordinal() - 1))
    if since >= until:
        raise BadParameter("to", "the day after the last one: it must be later than from")
    if (until - since).days > DAYS_MAX:
        raise BadParameter("from", f"too many days: ask for {DAYS_MAX} at most, then for others")
    return since, until


def read_query[Query: msgspec.Struct](given: Mapping[str, str], query: type[Query]) -> Query:
    """The parameters as their types say. Raises BadParameter for the first that is not."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(query)}
    for name in given:
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise BadParameter(name, f"not a parameter here: send one of {known}")
    values = {}
    for name, field in fields.items():
        if name in given:
            values[field.name] = read_parameter(name, given[name], field.type)
        elif field.required:
            raise BadParameter(name, _remedy(field.type))
    return query(**values)


def read_parameter(name: str, text: str, kind: Any) -> Any:
    """One parameter's value. Raises BadParameter."""
    # Only numbers are read from their text: a lax reading would take a number for a time.
    number = get_args(getattr(kind, "__value__", kind))[0] is int
    try:
        if number and not (text.isascii() and text.isdigit()):
            raise msgspec.ValidationError(text)
        found = msgspec.convert(text, kind, strict=not number)
        if name == "currency":
            exponent_of(text)
    except (msgspec.ValidationError, UnknownCurrency):
        raise BadParameter(name, _remedy(kind)) from None
    return found


def _remedy(kind: Any) -> str:
    """What a parameter's type tells those who sent something else."""
    rules = getattr(kind, "__value__", kind).__metadata__
    return next(str(each.extra["remedy"]) for each in rules if each.extra)
