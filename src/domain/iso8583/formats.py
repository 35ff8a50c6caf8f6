"""Format and length of each element, and the card number among them."""

import re
from collections.abc import Mapping

from domain.iso8583.elements import ELEMENTS, Element

_CHARACTERS = {
    "n": re.compile(r"[0-9]*"),
    "an": re.compile(r"[0-9A-Za-z ]*"),
    "ans": re.compile(r"[\x20-\x7e]*"),
    "xn": re.compile(r"[CD][0-9]*"),
    "z": re.compile(r"[0-9A-F=^;?% ]*"),
    "b": re.compile(r"[0-9A-Fa-f]*"),
}
_TEXT = ("an", "ans")


def well_formed(texts: Mapping[int, str]) -> dict[int, str]:
    """The elements in their own format and length, without padding; blank ones are left out."""
    good = {}
    for number, text in texts.items():
        element = ELEMENTS[number]
        stripped = text.rstrip(" ") if element.format in _TEXT else text
        if stripped and format_fault(element, text) is None:
            good[number] = stripped
    return good


def format_fault(element: Element, text: str) -> tuple[str, str] | None:
    """Code and message. Text elements may come without the blanks that pad them."""
    if not text.isascii():
        return "NOT_ASCII", f"{element.title}: characters outside ASCII"
    if _CHARACTERS[element.format].fullmatch(text) is None:
        return "FORMAT", f"{element.title}: not in format {element.format}"
    if len(text) > element.length:
        return "LENGTH", f"{element.title}: {len(text)} characters, at most {element.length}"
    fixed = element.prefix == 0 and element.format not in _TEXT
    if (fixed and len(text) != element.length) or not text:
        return "LENGTH", f"{element.title}: {len(text)} characters instead of {element.length}"
    return None


def is_blank(number: int, text: str) -> bool:
    """A text element of blanks says nothing, so it counts as not sent."""
    return ELEMENTS[number].format in _TEXT and text != "" and not text.strip(" ")


def card_digits(elements: Mapping[int, str]) -> str | None:
    """DE2, else the digits before the separator of track 2. Neither leaves the decoder as text."""
    track = elements.get(35)
    if 2 in elements or track is None:
        return elements.get(2)
    return re.split("[=D]", track, maxsplit=1)[0]
