"""The token of a statement's next page: opaque for callers, and good for the same request only.

It is not signed: it says nothing that its bearer may not ask for, and what it says is checked.
"""

import base64
import binascii
from datetime import date, datetime

import msgspec

from domain.query_parameters import BadParameter
from domain.statement import Span


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next page of a statement begins, and how long the statement was at its first page.

    `latest` is the latest time of booking so far.
    """

    period: Span
    next: int
    latest: datetime


class _Token(msgspec.Struct, frozen=True, array_like=True):
    """`asked` is what the first page was asked for: account, currency, from and to."""

    asked: tuple[str, str, date, date]
    mark: Mark


def token_of(account: str, currency: str, since: date, until: date, mark: Mark) -> str:
    written = msgspec.json.encode(_Token((account, currency, since, until), mark))
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def mark_of(token: str, account: str, currency: str, since: date, until: date) -> Mark:
    """Raises BadParameter for a token that is none, or that another request was given."""
    try:
        padded = token + "=" * (-len(token) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadParameter("next", "not a token: send the one of the page before") from None
    if found.asked != (account, currency, since, until):
        raise BadParameter("next", "the token is another statement's: repeat that request")
    mark = found.mark
    if not 1 <= mark.period.first <= mark.next <= mark.period.last or mark.latest.tzinfo is None:
        raise BadParameter("next", "not a token: send the one of the page before")
    return mark
