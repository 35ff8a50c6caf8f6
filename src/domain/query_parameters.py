"""What a request asks for about an account, read from its query string.

Every fault names its parameter and says what to send instead.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from domain.currency import UnknownCurrency, exponent_of
from domain.errors import Refused

LIMIT_DEFAULT, LIMIT_MAX = 100, 1000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BadParameter(Refused):
    """The request cannot be answered as it is; `parameter` is the one to change."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__("BAD_PARAMETER", message)
        self.parameter = parameter


class BalanceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`currency` None: the account's own; `at` None: now."""

    currency: str | None
    at: datetime | None


class StatementQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The days from `since` to the day before `until`; `token` leads to a later page."""

    currency: str | None
    since: date
    until: date
    limit: int
    token: str | None


def balance_query(given: Mapping[str, str], now: datetime) -> BalanceQuery:
    """Raises BadParameter."""
    _known(given, "currency", "at")
    at = _instant("at", given["at"]) if "at" in given else None
    if at is not None and at > now:
        raise BadParameter("at", "the instant has not come yet: leave it out for the balance now")
    return BalanceQuery(currency=_currency(given), at=at)


def statement_query(given: Mapping[str, str]) -> StatementQuery:
    """Raises BadParameter."""
    _known(given, "from", "to", "currency", "limit", "next")
    since, until = _day(given, "from"), _day(given, "to")
    if since >= until:
        raise BadParameter("to", "the day after the last one: it must be later than from")
    return StatementQuery(
        currency=_currency(given),
        since=since,
        until=until,
        limit=_limit(given.get("limit")),
        token=given.get("next"),
    )


def _known(given: Mapping[str, str], *names: str) -> None:
    for name in given:
        if name not in names:
            raise BadParameter(name, f"not a parameter here: send one of {', '.join(names)}")


def _currency(given: Mapping[str, str]) -> str | None:
    text = given.get("currency")
    if text is None:
        return None
    try:
        exponent_of(text)
    except UnknownCurrency:
        raise BadParameter("currency", "not a currency: send three letters such as EUR") from None
    return text


def _day(given: Mapping[str, str], name: str) -> date:
    text = given.get(name, "")
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise BadParameter(name, "not a day: send a booking date in UTC such as 2026-11-20")


def _instant(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadParameter(name, "not an instant: send one with its zone: 2026-11-20T12:00:00Z")
    return found.astimezone(UTC)


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LIMIT_MAX:
        return int(text)
    raise BadParameter("limit", f"not a number of entries: send 1 to {LIMIT_MAX}")
