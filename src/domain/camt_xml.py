"""Writing ISO 20022 messages with the standard library: elements, texts and amounts as the schemas
want them. Order and obligation of elements are the callers' business; tests hold them against the
schemas.
"""

import re
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

from domain.money import Money

# XML 1.0 has no place for these, whatever their form.
_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(message: str) -> Element:
    """The root of a message such as camt.053.001.08."""
    return Element("Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:{message}"})


def as_bytes(root: Element) -> bytes:
    """UTF-8 with its declaration; the same bytes for the same content."""
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def group(parent: Element, *path: str) -> Element:
    """Elements inside one another; the innermost is returned."""
    for name in path:
        parent = SubElement(parent, name)
    return parent


def text(parent: Element, name: str, value: str | None, most: int = 35) -> None:
    """An element with at most so many characters; none for an empty text."""
    kept = _UNPRINTABLE.sub("?", value or "").strip()[:most]
    if kept:
        SubElement(parent, name).text = kept


def money(parent: Element, name: str, amount: Money) -> None:
    """An amount without its sign, with the decimals of its currency."""
    found = SubElement(parent, name, {"Ccy": amount.currency})
    found.text = unsigned(amount)


def unsigned(amount: Money) -> str:
    return Money(abs(amount.amount), amount.currency).to_decimal_string()


def direction(parent: Element, amount: int) -> None:
    """The sign of an amount, from the account holder's side; nothing is a credit."""
    SubElement(parent, "CdtDbtInd").text = "DBIT" if amount < 0 else "CRDT"


def rate(value: str) -> str:
    """An exchange rate in the eleven digits that the schemas give it, ten of them decimals."""
    exact = Decimal(value)
    return f"{round(exact, 10 - max(0, exact.adjusted())).normalize():f}"
