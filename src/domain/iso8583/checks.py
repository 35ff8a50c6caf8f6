"""Everything that is checked on the elements of a message, whatever its encoding was.

Each check yields problems and knows nothing of the others, so that one refusal names them all.
"""

import re
from collections.abc import Iterator, Mapping

from domain.card_number import is_card_number
from domain.iso8583.contents import check_contents
from domain.iso8583.decoded import Problem
from domain.iso8583.elements import ELEMENTS
from domain.iso8583.formats import card_digits, format_fault, is_blank, well_formed
from domain.iso8583.problems import problem
from domain.iso8583.raw import RawMessage
from domain.message_type import KNOWN_MTIS

NETWORKS = frozenset({"VISA", "MASTERCARD", "AMEX", "DINERS", "DISCOVER", "JCB", "UNIONPAY", "ATM"})
_MANDATORY = (3, 4, 7, 11, 32, 49)


def check(message: RawMessage) -> Iterator[Problem]:
    yield from message.problems
    yield from _check_head(message)
    yield from _check_formats(message)
    good = well_formed(message.texts)
    yield from _check_mandatory(message, good)
    yield from check_contents(message, good)
    yield from _check_card(message, good)


def _check_head(message: RawMessage) -> Iterator[Problem]:
    if message.network not in NETWORKS:
        fault = "no network is named" if message.network is None else "the network is not known"
        yield problem("NETWORK", "network", message.network_offset, fault)
    if message.mti is None and not any(found.element == "MTI" for found in message.problems):
        yield problem("MTI", "MTI", message.offset_of(0), "there is no message type")
    if message.mti is not None and message.mti not in KNOWN_MTIS:
        yield problem("MTI", "MTI", message.offset_of(0), "the message type is not supported")


def _check_formats(message: RawMessage) -> Iterator[Problem]:
    for number, text in message.texts.items():
        element = ELEMENTS[number]
        fault = format_fault(element, text)
        if fault:
            yield problem(fault[0], element.name, message.offset_of(number), fault[1])


def _check_mandatory(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    """An element that was sent but refused has its own problem; it is not missing as well."""
    blank = {number for number, text in message.texts.items() if is_blank(number, text)}
    present = good.keys() | (message.announced - blank)
    needed = _MANDATORY + ((39,) if message.mti == "0210" else ())
    for number in needed:
        if number not in present:
            title = ELEMENTS[number].title
            yield problem("MISSING", f"DE{number}", message.origin, f"{title} is missing")
    if not present & {41, 42}:
        fault = "neither the terminal (DE41) nor the card acceptor (DE42) is named"
        yield problem("MISSING", "DE41", message.origin, fault)


def _check_card(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    digits = card_digits(good)
    if digits is None:
        if not message.announced & {2, 35}:
            yield problem("MISSING", "DE2", message.origin, "there is no card number")
        return
    source = 2 if 2 in good else 35
    if not is_card_number(digits):
        fault = "not a card number: range, length or check digit"
        yield problem("CARD_NUMBER", f"DE{source}", message.offset_of(source), fault)
        return
    if 2 in good and 35 in good and card_digits({35: good[35]}) != digits:
        fault = "track 2 holds another card number than DE2"
        yield problem("CARD_NUMBER_DISAGREES", "DE35", message.offset_of(35), fault)
    for number, text in good.items():
        if ELEMENTS[number].kept and digits in re.sub("[ -]", "", text):
            fault = "the card number stands in an element that is stored"
            yield problem("CARD_NUMBER_MISPLACED", f"DE{number}", message.offset_of(number), fault)
