"""Tokens that lead to a list's next page: opaque for callers, and good for the same request only.

They are not signed: a token says nothing that its bearer may not ask for, and what it says is
checked.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from domain.query_parameters import BadParameter
from domain.statement import Span

_NONE_SUCH = "not a token: send the one of the page before"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next page of a statement begins, and how long the statement was at its first page.

    `latest` is the latest time of booking so far.
    """

    period: Span
    next: int
    latest: datetime


def seal(asked: Sequence[str], mark: msgspec.Struct) -> str:
    """`asked` is what the first page was asked for, `mark` where the next one begins."""
    written = msgspec.json.encode((list(asked), mark))
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def unseal[Where: msgspec.Struct](token: str, asked: Sequence[str], mark: type[Where]) -> Where:
    """Raises BadParameter for a token that is none, or that another request was given."""
    try:
        padded = token + "=" * (-len(token) % 4)
        content = base64.b64decode(padded, altchars="-_", validate=True)
        given, found = msgspec.json.decode(content, type=tuple[list[str], mark])  # type: ignore[valid-type]
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadParameter("next", _NONE_SUCH) from None
    if given != list(asked):
        raise BadParameter("next", "the token is another request's: repeat that request")
    return found


def token_of(account: str, currency: str, since: date, until: date, mark: Mark) -> str:
    return seal((account, currency, since.isoformat(), until.isoformat()), mark)


def mark_of(token: str, account: str, currency: str, since: date, until: date) -> Mark:
    """A statement's mark. Raises BadParameter."""
    mark = unseal(token, (account, currency, since.isoformat(), until.isoformat()), Mark)
    if not 1 <= mark.period.first <= mark.next <= mark.period.last or mark.latest.tzinfo is None:
        raise BadParameter("next", _NONE_SUCH)
    return mark
