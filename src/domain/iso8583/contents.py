"""Checks on what the elements say: amounts, currencies, dates, rates and composed elements."""

import re
from collections.abc import Iterator, Mapping

from domain.business_time import is_local_time, is_month_day, is_transmission_time
from domain.currency import is_numeric_code
from domain.iso8583.decoded import Problem
from domain.iso8583.elements import ELEMENTS
from domain.iso8583.problems import problem
from domain.iso8583.raw import RawMessage

# Each amount and the element with its currency.
_AMOUNTS = {4: 49, 5: 50, 6: 51}
_RATES = (9, 10)
_DATES = (13, 15, 16)
_SETTLEMENT_FEES = (29, 31)
_ADDITIONAL_AMOUNT = re.compile(r"[0-9]{4}([0-9]{3})[CD][0-9]{12}")
_REPLACEMENT = re.compile(r"[0-9]{24}(?:[CD][0-9]{8}){2}")


def check_contents(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    """`good` are the elements in their own format."""
    yield from _check_amounts(message, good)
    yield from _check_currencies(message, good)
    yield from _check_times(message, good)
    yield from _check_rates(message, good)
    yield from _check_additional(message, good)


def _check_amounts(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    verification = message.mti is not None and message.mti.startswith("01")
    for number, currency in _AMOUNTS.items():
        if number not in good:
            continue
        if int(good[number]) == 0 and not verification:
            fault = f"{ELEMENTS[number].title} is zero"
            yield problem("AMOUNT_ZERO", f"DE{number}", message.offset_of(number), fault)
        if number != 4 and currency not in message.announced:
            fault = f"the currency of DE{number} is missing"
            yield problem("MISSING", f"DE{currency}", message.origin, fault)
    for number in _SETTLEMENT_FEES:
        if number in good and 50 not in message.announced:
            fault = f"the currency of DE{number} is missing"
            yield problem("MISSING", "DE50", message.origin, fault)


def _check_currencies(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    for number in _AMOUNTS.values():
        if number in good and not is_numeric_code(good[number]):
            fault = f"{good[number]} is no currency code"
            yield problem("CURRENCY", f"DE{number}", message.offset_of(number), fault)


def _check_times(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    if 7 in good and not is_transmission_time(good[7]):
        yield problem("DATE", "DE7", message.offset_of(7), "no such date and time (MMDDhhmmss)")
    if 12 in good and not is_local_time(good[12]):
        yield problem("DATE", "DE12", message.offset_of(12), "no such time (hhmmss)")
    for number in _DATES:
        if number in good and not is_month_day(good[number]):
            yield problem("DATE", f"DE{number}", message.offset_of(number), "no such date (MMDD)")


def _check_rates(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    for number in _RATES:
        text = good.get(number)
        if text and (text[0] in "89" or int(text[1:]) == 0):
            fault = "a rate is its number of decimals and seven digits above zero"
            yield problem("RATE", f"DE{number}", message.offset_of(number), fault)


def _check_additional(message: RawMessage, good: Mapping[int, str]) -> Iterator[Problem]:
    groups = good.get(54, "")
    parts = [_ADDITIONAL_AMOUNT.fullmatch(groups[at : at + 20]) for at in range(0, len(groups), 20)]
    if not all(part and is_numeric_code(part[1]) for part in parts):
        fault = "not groups of type, currency, sign and amount"
        yield problem("ADDITIONAL_AMOUNT", "DE54", message.offset_of(54), fault)
    if 95 in good:
        reversal = message.mti is not None and message.mti.startswith("04")
        if not reversal or _REPLACEMENT.fullmatch(good[95]) is None:
            fault = "replacement amounts outside a reversal, or not in their format"
            yield problem("REPLACEMENT_AMOUNT", "DE95", message.offset_of(95), fault)
