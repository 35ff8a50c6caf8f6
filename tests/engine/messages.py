"""Card messages that no other test sends: each has a trace number and a reference of its own."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

import iso8583

from domain.iso8583.elements import LIBRARY_SPEC

# The day of the sample rates. Files state it in their manifest, which gives DE7 its year.
BUSINESS_DATE = "2026-11-20"
_ALPHA = {"978": "EUR", "840": "USD", "392": "JPY", "414": "KWD"}
_PADDED = {"37": 12, "38": 6, "39": 2, "41": 8, "42": 15, "43": 40}
# Above the trace numbers of the sample batch.
_numbers = itertools.count(500_001)

type Message = dict[str, Any]


def purchase(
    card_number: str,
    minor: int,
    *,
    mti: str = "0210",
    network: str = "VISA",
    **changes: str | None,
) -> Message:
    """A purchase at home in EUR; de49="840" replaces an element, None takes it out."""
    number = next(_numbers)
    elements: dict[str, str | None] = {
        "2": card_number,
        "3": "000000",
        "4": f"{minor:012}",
        "7": "1120101112",
        "11": f"{number:06}",
        "18": "5411",
        "19": "276",
        "22": "051",
        "25": "00",
        "32": "476173",
        "37": f"6324{number:08}",
        "38": "A1B2C3",
        "39": "00",
        "41": "TERM0001",
        "42": "NORDMARKTXX0001",
        "43": "NORDMARKT                BERLIN       DE",
        "49": "978",
    }
    elements |= {name.removeprefix("de"): text for name, text in changes.items()}
    present = {number: text for number, text in elements.items() if text is not None}
    return {"network": network, "mti": mti, "de": present}


def changed(message: Message, mti: str | None = None, **changes: str) -> Message:
    """The same message again, apart from what is given."""
    elements = message["de"] | {name.removeprefix("de"): text for name, text in changes.items()}
    return message | {"mti": mti or message["mti"], "de": elements}


def as_bytes(message: Message) -> bytes:
    texts = {n: t.ljust(_PADDED.get(n, 0)) for n, t in message["de"].items()}
    raw, _ = iso8583.encode({"t": message["mti"], **texts}, LIBRARY_SPEC)
    return bytes(raw)


def as_jsonl(messages: Iterable[Message]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def as_bin(messages: Iterable[Message]) -> bytes:
    bodies = [as_bytes(message) for message in messages]
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def as_hex(messages: Iterable[Message]) -> bytes:
    return b"".join(as_bytes(message).hex().upper().encode() + b"\n" for message in messages)


def manifest_of(
    messages: Iterable[Message], raw: bytes, count: int | None = None, **changes: Any
) -> Mapping[str, Any]:
    """What a truthful sender says of a file of well-formed messages."""
    totals: dict[str, int] = {}
    total = 0
    for message in messages:
        currency = _ALPHA[message["de"]["49"]]
        totals[currency] = totals.get(currency, 0) + int(message["de"]["4"])
        total += 1
    return {
        "network": "VISA",
        "business_date": BUSINESS_DATE,
        "count": total if count is None else count,
        "totals": totals,
        "sha256": hashlib.sha256(raw).hexdigest(),
    } | changes
