"""The problems a message can have: a stable code each, and what its sender can do about it."""

from domain.iso8583.decoded import Problem

REMEDIES: dict[str, str] = {
    "ADDITIONAL_AMOUNT": "Send groups of 20: account type, amount type, currency, C or D, amount.",
    "AMOUNT_ZERO": "Send a positive amount; zero is for account verification (01xx) only.",
    "BITMAP": "Send 16 hex digits per bitmap, and no third bitmap.",
    "BOTH_FORMS": "Send either de or iso8583.",
    "CARD_NUMBER": "Send 13 to 19 digits with a valid check digit in DE2.",
    "CARD_NUMBER_DISAGREES": "Send the same card number in DE2 and DE35.",
    "CARD_NUMBER_MISPLACED": "Send the card number in DE2 only.",
    "CURRENCY": "Send the three-digit ISO 4217 code of a currency with a minor unit.",
    "DATE": "Send an existing date or time in the element's own format.",
    "DUPLICATE_KEY": "Send each key once.",
    "EMPTY": "Send one message.",
    "FORMAT": "Send only the characters of the element's format.",
    "HEX": "Send an even number of hex digits.",
    "JSON": "Send one JSON value in UTF-8.",
    "LENGTH": "Send the element in its own length, numbers with leading zeros.",
    "MISSING": "Send the element.",
    "MTI": "Send a 1987 message type: 01xx, 02xx or 04xx.",
    "NETWORK": "Name a known card network.",
    "NOT_ASCII": "Send ASCII characters only.",
    "RATE": "Send the number of decimals (0 to 7) and then a rate above zero in 7 digits.",
    "REPLACEMENT_AMOUNT": "Send replacement amounts in reversals only, in 42 characters.",
    "TRAILING_BYTES": "Announce every element in the bitmap, and end after the last one.",
    "TRUNCATED": "Send the message to its end; compare bitmap and length prefixes.",
    "TYPE": "Send an object whose values are strings.",
    "UNKNOWN_ELEMENT": "Name data elements 2 to 128 by their number without leading zeros.",
    "UNKNOWN_KEY": "Send network, mti and de, or network and iso8583.",
    "YEAR": "Send DE7 within a year before the business date or the time of receipt.",
}


def problem(code: str, element: str, offset: str, message: str) -> Problem:
    return Problem(element, offset, code, message, REMEDIES[code])
