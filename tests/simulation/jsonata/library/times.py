"""Times: ISO 8601 and milliseconds since 1970. One evaluation has one time.

Pictures are read by the parser's library.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from jsonata.datetimeutils import DateTimeUtils

from tests.simulation.jsonata.frames import Root
from tests.simulation.jsonata.native import native
from tests.simulation.jsonata.values import MISSING, QueryFailed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@native("now", "<s?s?:s>", rooted=True)
def now(root: Root, picture: Any, zone: Any) -> Any:
    return from_millis(millis(root), picture, zone)


@native("millis", "<:n>", rooted=True)
def millis(root: Root) -> int:
    return (root.time() - _EPOCH) // _MILLISECOND


@native("fromMillis", "<n-s?s?:s>")
def from_millis(value: Any, picture: Any, zone: Any) -> Any:
    if value is MISSING:
        return MISSING
    if picture is MISSING and zone is MISSING:
        moment = _EPOCH + int(value) * _MILLISECOND
        return moment.isoformat(timespec="milliseconds").partition("+")[0] + "Z"
    given = (None if each is MISSING else each for each in (picture, zone))
    try:
        return DateTimeUtils.format_datetime(int(value), *given)
    except (RuntimeError, ValueError) as failure:
        raise QueryFailed(str(failure)) from None


@native("toMillis", "<s-s?:n>")
def to_millis(text: Any, picture: Any) -> Any:
    if text is MISSING:
        return MISSING
    try:
        if picture is not MISSING:
            found = DateTimeUtils.parse_datetime(text, picture)
            return MISSING if found is None else found
        moment = datetime.fromisoformat(text)
    except (RuntimeError, ValueError) as failure:
        raise QueryFailed(f"D3110: {failure}") from None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND
