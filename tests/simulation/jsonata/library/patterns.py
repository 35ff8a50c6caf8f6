"""Strings and regular expressions.

A pattern is a plain string or a regular expression between slashes; a function of the user's own
that matches is refused.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.simulation.jsonata.frames import Root
from tests.simulation.jsonata.native import called, native
from tests.simulation.jsonata.regex import Regex
from tests.simulation.jsonata.values import MISSING, QueryFailed, Sequence


def _compiled(pattern: Any) -> re.Pattern[str]:
    if type(pattern) is str:
        return re.compile(re.escape(pattern))
    if isinstance(pattern, Regex):
        return pattern.pattern
    raise QueryFailed("T1010: only a string or a regular expression matches here")


@native("contains", "<s-(sf):b>")
def contains(text: Any, pattern: Any) -> Any:
    if text is MISSING or pattern is MISSING:
        return MISSING
    return _compiled(pattern).search(text) is not None


@native("match", "<s-f<s:o>n?:a<o>>")
def match(text: Any, pattern: Any, limit: Any) -> Any:
    if text is MISSING:
        return MISSING
    _refuse_negative(limit, "D3040")
    found = Sequence()
    for each in _compiled(pattern).finditer(text):
        if limit is not MISSING and len(found) >= limit:
            break
        groups = ["" if group is None else group for group in each.groups()]
        found.append({"match": each.group(), "index": each.start(), "groups": groups})
    return found


@native("split", "<s-(sf)n?:a<s>>")
def split(text: Any, separator: Any, limit: Any) -> Any:
    if text is MISSING:
        return MISSING
    _refuse_negative(limit, "D3020")
    if separator == "":
        parts = list(text)
    elif type(separator) is str:
        parts = text.split(separator)
    else:
        parts = _parts(text, _compiled(separator))
    return parts if limit is MISSING else parts[: int(limit)]


def _parts(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Without the groups, which Python's own split would mix in."""
    parts, start = [], 0
    for each in pattern.finditer(text):
        parts.append(text[start : each.start()])
        start = each.end()
    return [*parts, text[start:]]


@native("replace", "<s-(sf)(sf)n?:s>", rooted=True)
def replace(root: Root, text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    if text is MISSING:
        return MISSING
    if pattern == "":
        raise QueryFailed("D3010: the pattern is empty")
    _refuse_negative(limit, "D3011")
    if limit == 0:
        return text
    count = 0 if limit is MISSING else int(limit)
    return _compiled(pattern).sub(_replacing(root, pattern, replacement), text, count)


def _replacing(root: Root, pattern: Any, replacement: Any) -> Callable[[re.Match[str]], str]:
    def literal(_found: re.Match[str]) -> str:
        return str(replacement)

    def expanded(found: re.Match[str]) -> str:
        return re.sub(r"\$(\$|[0-9]+)", lambda each: _group(found, each.group(1)), replacement)

    def computed(found: re.Match[str]) -> str:
        details = {"match": found.group(), "index": found.start(), "groups": list(found.groups())}
        made = called(replacement, [details], None, root)
        if type(made) is not str:
            raise QueryFailed("D3012: a replacement is a string")
        return made

    if type(replacement) is not str:
        return computed
    return literal if type(pattern) is str else expanded


def _group(found: re.Match[str], name: str) -> str:
    """`$$` is a dollar; of the digits, as many as name a group, the rest is text."""
    if name == "$":
        return "$"
    for end in range(len(name), 0, -1):
        if int(name[:end]) <= (found.re.groups or 0):
            return (found.group(int(name[:end])) or "") + name[end:]
    return name[1:]


def _refuse_negative(limit: Any, code: str) -> None:
    if limit is not MISSING and limit < 0:
        raise QueryFailed(f"{code}: the limit is negative")
