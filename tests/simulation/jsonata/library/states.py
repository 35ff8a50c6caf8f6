"""What Step Functions adds to JSONata. `$uuid` and `$random` cannot be repeated: not here."""

import hashlib
import json
from typing import Any

from tests.simulation.jsonata.native import native
from tests.simulation.jsonata.values import MISSING, QueryFailed

_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
_RANGE_MAX = 1000


@native("parse", "<s-:x>")
def parse(text: Any) -> Any:
    """JSON text as a value; text that is no JSON is an error of the query."""
    if text is MISSING:
        return MISSING
    try:
        return json.loads(text, parse_constant=_refused)
    except ValueError:
        raise QueryFailed("the argument of $parse is not JSON") from None


def _refused(name: str) -> Any:
    raise ValueError(name)


@native("hash", "<s-s:s>")
def hash_(text: Any, algorithm: Any) -> Any:
    """The digest in small hexadecimal digits."""
    if text is MISSING:
        return MISSING
    if algorithm not in _ALGORITHMS:
        raise QueryFailed(f"$hash knows {', '.join(_ALGORITHMS)}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


@native("range", "<nnn:a<n>>")
def range_(first: Any, last: Any, step: Any) -> Any:
    """Numbers from the first to the last, both included; at most 1,000 of them."""
    if MISSING in (first, last, step):
        return MISSING
    if step == 0:
        raise QueryFailed("the step of $range is not 0")
    steps = int((last - first) / step)
    if steps >= _RANGE_MAX:
        raise QueryFailed("$range makes at most 1000 numbers")
    return [first + step * each for each in range(max(steps + 1, 0))]


@native("partition", "<an:a<a>>")
def partition(array: Any, size: Any) -> Any:
    """The array in parts of this size, the last one perhaps smaller."""
    if array is MISSING or size is MISSING:
        return MISSING
    if size < 1:
        raise QueryFailed("a part has one item at least")
    return [array[start : start + int(size)] for start in range(0, len(array), int(size))]
