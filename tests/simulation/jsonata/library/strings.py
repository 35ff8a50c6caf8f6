"""Strings. What is missing stays missing, unless it says otherwise."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote, unquote

from tests.simulation.jsonata.native import native
from tests.simulation.jsonata.text import text_of
from tests.simulation.jsonata.values import MISSING, QueryFailed

# What JavaScript's encodeURIComponent and encodeURI leave alone.
_KEPT_IN_COMPONENT = "-_.!~*'()"
_KEPT_IN_URL = _KEPT_IN_COMPONENT + ";/?:@&=+$,#"


@native("string", "<x-b?:s>", arity=1)
def string(value: Any, pretty: Any) -> Any:
    return MISSING if value is MISSING else text_of(value, pretty=pretty is True)


@native("substring", "<s-nn?:s>")
def substring(text: Any, start: Any, length: Any) -> Any:
    if text is MISSING:
        return MISSING
    if start is MISSING:
        return text if length is MISSING else ""
    first = 0 if len(text) + start < 0 else int(start)
    if length is MISSING:
        return text[first:]
    if length <= 0:
        return ""
    base = first if first >= 0 else len(text) + first
    return text[base : int(base + length)]


@native("substringBefore", "<s-s:s>")
def substring_before(text: Any, mark: Any) -> Any:
    if text is MISSING or mark is MISSING:
        return text
    before, found, _ = text.partition(mark) if mark else ("", "", "")
    return before if found or not mark else text


@native("substringAfter", "<s-s:s>")
def substring_after(text: Any, mark: Any) -> Any:
    if text is MISSING or mark is MISSING or not mark:
        return text
    _, found, after = text.partition(mark)
    return after if found else text


@native("lowercase", "<s-:s>")
def lowercase(text: Any) -> Any:
    return MISSING if text is MISSING else text.lower()


@native("uppercase", "<s-:s>")
def uppercase(text: Any) -> Any:
    return MISSING if text is MISSING else text.upper()


@native("length", "<s-:n>")
def length_of(text: Any) -> Any:
    return MISSING if text is MISSING else len(text)


@native("trim", "<s-:s>")
def trim(text: Any) -> Any:
    """Ends cut off, and every run of white space inside made one blank."""
    return MISSING if text is MISSING else re.sub(r"[ \t\n\r]+", " ", text).strip(" ")


@native("pad", "<s-ns?:s>")
def pad(text: Any, width: Any, filler: Any) -> Any:
    """A negative width fills on the left."""
    if text is MISSING or width is MISSING:
        return text
    missing = int(abs(width)) - len(text)
    unit = " " if filler is MISSING or not filler else filler
    filling = (unit * max(missing, 0))[: max(missing, 0)]
    return text + filling if width > 0 else filling + text


@native("join", "<a<s>s?:s>")
def join(texts: Any, separator: Any) -> Any:
    if texts is MISSING:
        return MISSING
    return ("" if separator is MISSING else separator).join(texts)


@native("base64encode", "<s-:s>")
def base64encode(text: Any) -> Any:
    return MISSING if text is MISSING else base64.b64encode(text.encode()).decode()


@native("base64decode", "<s-:s>")
def base64decode(text: Any) -> Any:
    if text is MISSING:
        return MISSING
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise QueryFailed("D3120: not base64") from None


@native("encodeUrlComponent", "<s-:s>")
def encode_url_component(text: Any) -> Any:
    return MISSING if text is MISSING else quote(text, safe=_KEPT_IN_COMPONENT)


@native("encodeUrl", "<s-:s>")
def encode_url(text: Any) -> Any:
    return MISSING if text is MISSING else quote(text, safe=_KEPT_IN_URL)


@native("decodeUrlComponent", "<s-:s>")
def decode_url_component(text: Any) -> Any:
    return MISSING if text is MISSING else unquote(text)


@native("decodeUrl", "<s-:s>")
def decode_url(text: Any) -> Any:
    return MISSING if text is MISSING else unquote(text)
