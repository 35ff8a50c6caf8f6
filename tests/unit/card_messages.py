"""Card messages for the tests of the domain: one good purchase, and what differs from it."""

from datetime import UTC, date, datetime

import iso8583

from domain.iso8583.decode import decode_json
from domain.iso8583.decoded import Decoded, Invalid
from domain.iso8583.elements import LIBRARY_SPEC

RECEIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CARD = "4761739001010119"
PURCHASE = {
    "2": CARD,
    "3": "000000",
    "4": "000000004500",
    "7": "1120101112",
    "11": "000123",
    "12": "111112",
    "13": "1120",
    "14": "2912",
    "18": "5411",
    "19": "276",
    "22": "051",
    "25": "00",
    "32": "476173",
    "37": "632410000123",
    "38": "A1B2C3",
    "39": "00",
    "41": "TERM0001",
    "42": "MERCHANT0000001",
    "43": "NORDMARKT BERLIN         BERLIN       DE",
    "49": "978",
}
FIXED_TEXT = {"37": 12, "38": 6, "39": 2, "41": 8, "42": 15, "43": 40}


def elements(**changes: str | None) -> dict[str, str]:
    """The purchase with changes; de4="..." replaces DE4, None takes it out."""
    changed = {name.removeprefix("de"): text for name, text in changes.items()}
    return {n: t for n, t in {**PURCHASE, **changed}.items() if t is not None}


def as_json(mti: str = "0210", /, **changes: str | None) -> dict[str, object]:
    return {"network": "VISA", "mti": mti, "de": elements(**changes)}


def as_bytes(mti: str = "0210", /, **changes: str | None) -> bytes:
    texts = {n: t.ljust(FIXED_TEXT.get(n, 0)) for n, t in elements(**changes).items()}
    raw, _ = iso8583.encode({"t": mti, **texts}, LIBRARY_SPEC)
    return bytes(raw)


def decode(
    value: object, network: str | None = None, business_date: date | None = None
) -> Decoded | Invalid:
    return decode_json(value, network=network, received_at=RECEIVED, business_date=business_date)


def valid(mti: str = "0210", /, **changes: str | None) -> Decoded:
    decoded = decode(as_json(mti, **changes))
    assert isinstance(decoded, Decoded), decoded
    return decoded


def problems(result: Decoded | Invalid) -> set[tuple[str, str]]:
    """Element and code of each problem; none for a valid message."""
    if isinstance(result, Decoded):
        return set()
    return {(found.element, found.code) for found in result.errors}
