"""The doors of the decoder: received bytes or JSON in, one message or all its problems out."""

import re
from datetime import date, datetime

from domain.business_time import iso_instant, nearest_date, transmission_time
from domain.card_number import CardNumber, contains_card_number, is_card_number, mask
from domain.iso8583.binary import read_binary, unhex
from domain.iso8583.checks import NETWORKS, check
from domain.iso8583.decoded import Decoded, Invalid, Problem
from domain.iso8583.elements import ELEMENTS
from domain.iso8583.formats import card_digits, well_formed
from domain.iso8583.json_form import parse, read_json
from domain.iso8583.problems import problem
from domain.iso8583.raw import RawMessage
from domain.message_type import KNOWN_MTIS

# The networks' own ids have up to 15 characters, ISO 20022 allows 36. All else is private data.
_LIFE_CYCLE_ID = re.compile(r"[0-9A-Za-z]{1,36}")


def decode_json(
    value: object, *, network: str | None, received_at: datetime, business_date: date | None = None
) -> Decoded | Invalid:
    """One message as a parsed JSON value. `network` holds where the message names none."""
    return _decode(read_json(value, network), received_at, business_date)


def decode_json_bytes(
    raw: bytes, *, network: str | None, received_at: datetime, business_date: date | None = None
) -> Decoded | Invalid:
    """One message as JSON text, such as a line of a .jsonl file."""
    try:
        value = parse(raw)
    except ValueError as error:
        fault = "not one JSON value in UTF-8, or a key stands twice"
        offset = str(getattr(error, "pos", getattr(error, "start", 0)))
        return Invalid((problem("JSON", "message", offset, fault),), network=network)
    return decode_json(value, network=network, received_at=received_at, business_date=business_date)


def decode_binary(
    raw: bytes, *, network: str | None, received_at: datetime, business_date: date | None = None
) -> Decoded | Invalid:
    """One ISO 8583:1987 message in ASCII, without a length prefix."""
    return _decode(read_binary(raw, network), received_at, business_date)


def decode_hex(
    text: bytes, *, network: str | None, received_at: datetime, business_date: date | None = None
) -> Decoded | Invalid:
    """The same, written as hex digits; offsets count the bytes that the digits stand for."""
    raw = unhex(text)
    if raw is None:
        return Invalid(
            (problem("HEX", "message", "0", "not whole bytes in hex digits"),), network=network
        )
    return decode_binary(raw, network=network, received_at=received_at, business_date=business_date)


def _decode(
    message: RawMessage, received_at: datetime, business_date: date | None
) -> Decoded | Invalid:
    problems = list(check(message))
    good = well_formed(message.texts)
    if problems:
        return _invalid(message, good, problems)
    instant = transmission_time(good[7], received_at, business_date)
    if instant is None:
        fault = "no year puts DE7 near the business date or the time of receipt"
        return _invalid(message, good, [problem("YEAR", "DE7", message.offset_of(7), fault)])
    undated = list(_without_year(message, good, instant.date()))
    if undated:
        return _invalid(message, good, undated)
    return Decoded(
        network=message.network or "",
        mti=message.mti or "",
        elements=_allow_listed(good),
        card_number=CardNumber(card_digits(good) or ""),
        transmitted_at=iso_instant(instant),
    )


def _without_year(message: RawMessage, good: dict[int, str], to: date) -> list[Problem]:
    """29 February in a message of a year that has none."""
    return [
        problem("DATE", f"DE{number}", message.offset_of(number), "no such date in that year")
        for number in (13, 15, 16)
        if number in good and nearest_date(good[number], to) is None
    ]


def _allow_listed(good: dict[int, str]) -> dict[str, str]:
    kept = {f"DE{n}": text for n, text in sorted(good.items()) if ELEMENTS[n].kept}
    if "DE43" in kept:
        # Free text that people type: whatever looks like a card number is cut.
        kept["DE43"] = mask(kept["DE43"])
    life_cycle = kept.get("DE63")
    if life_cycle and (
        _LIFE_CYCLE_ID.fullmatch(life_cycle) is None or contains_card_number(life_cycle)
    ):
        del kept["DE63"]
    return kept


def _invalid(message: RawMessage, good: dict[int, str], problems: list[Problem]) -> Invalid:
    digits = card_digits(good)
    return Invalid(
        errors=tuple(problems),
        network=message.network if message.network in NETWORKS else None,
        mti=message.mti if message.mti in KNOWN_MTIS else None,
        last4=digits[-4:] if digits and is_card_number(digits) else None,
    )
