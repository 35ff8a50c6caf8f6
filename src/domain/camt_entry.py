"""An entry of camt.053 and camt.054: what one booking did to a customer's account.

It names no card: a card number has its own element in the schema, which takes digits only and asks
for an expiry date, so that nothing masked fits there. The last four digits stand as text.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from domain import charging
from domain.announcement import posted_event_id
from domain.camt_xml import direction, group, money, rate, text
from domain.events import CustomerEffect, Posted
from domain.money import Money
from domain.posting import POSTED, Leg

# Domain, family and sub-family of ISO 20022's bank transaction codes. Our own purpose stands beside
# them and says more.
_CODES = {
    charging.OPENING: ("ACMT", "OPCL", "ACCO"),
    charging.CLEAR: ("PMNT", "CCRD", "POSD"),
    charging.CASH: ("PMNT", "CCRD", "CWDL"),
    charging.REFUND: ("PMNT", "CCRD", "RIMB"),
}
_OTHER_CARD_TRANSACTION = ("PMNT", "CCRD", "OTHR")
_ISSUER = "posting"
_PRINCIPAL, _EXCHANGE = "PRINCIPAL", "FX"
_REFERENCE_MOST = 35
_IBAN = re.compile("[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}")


def account(parent: Element, account_id: str, currency: str, iban: str | None = None) -> None:
    """The account: by its IBAN where it has one, else by our own id."""
    found = group(parent, "Acct")
    if iban and _IBAN.fullmatch(iban):
        text(group(found, "Id"), "IBAN", iban)
    else:
        text(group(found, "Id", "Othr"), "Id", account_id, 34)
    text(found, "Ccy", currency)


def entry(parent: Element, posted: Posted, effect: CustomerEffect, booking_date: str) -> None:
    """A booked entry, with its currency exchange, charges and card where it has them."""
    amount = Money(effect.net, effect.currency)
    found = group(parent, "Ntry")
    text(found, "NtryRef", str(effect.posting_no))
    money(found, "Amt", amount)
    direction(found, effect.net)
    text(group(found, "Sts"), "Cd", "BOOK")
    text(group(found, "BookgDt"), "Dt", booking_date)
    text(group(found, "ValDt"), "Dt", posted.value_date)
    text(found, "AcctSvcrRef", reference_of(posted.header_id))
    _code(found, posted.purpose)
    _details(group(found, "NtryDtls", "TxDtls"), posted, effect)
    text(found, "AddtlNtryInf", posted.narrative, 500)


def reference_of(header_id: str) -> str:
    """The header's id; if that is too long for the schema, the id of its event without dashes."""
    return header_id if _fits(header_id) else posted_event_id(header_id).replace("-", "")


def _fits(identifier: str) -> bool:
    """An id that is cut off names something else."""
    return len(identifier) <= _REFERENCE_MOST


def _code(parent: Element, purpose: str) -> None:
    domain, family, sub_family = _CODES.get(purpose, _OTHER_CARD_TRANSACTION)
    found = group(parent, "BkTxCd")
    coded = group(found, "Domn")
    text(coded, "Cd", domain)
    coded = group(coded, "Fmly")
    text(coded, "Cd", family)
    text(coded, "SubFmlyCd", sub_family)
    own = group(found, "Prtry")
    text(own, "Cd", purpose)
    text(own, "Issr", _ISSUER)


def _details(parent: Element, posted: Posted, effect: CustomerEffect) -> None:
    references = group(parent, "Refs")
    text(references, "AcctSvcrRef", reference_of(posted.header_id))
    text(references, "TxId", posted.msg_id if _fits(posted.msg_id) else None)
    money(parent, "Amt", Money(effect.net, effect.currency))
    direction(parent, effect.net)
    _exchange(parent, posted, effect.currency)
    _charges(parent, list(_charged(posted, effect)))
    if posted.last4 is not None:
        card = group(parent, "CardTx", "Card")
        if posted.network is not None:
            text(group(card, "CardBrnd"), "Id", posted.network)
        text(card, "AddtlCardData", f"card ending in {posted.last4}", 70)
    if not _fits(posted.header_id):
        text(parent, "AddtlTxInf", posted.header_id, 500)


def _exchange(parent: Element, posted: Posted, currency: str) -> None:
    """The amount in the currency of the purchase, and our rate if it was ours."""
    abroad = next((leg for leg in _booked(posted) if leg.code == _EXCHANGE), None)
    if abroad is None or abroad.currency == currency:
        return
    found = group(parent, "AmtDtls", "TxAmt")
    money(found, "Amt", Money(abroad.amount, abroad.currency))
    fx = posted.fx
    if fx is None:
        return
    exchanged = group(found, "CcyXchg")
    text(exchanged, "SrcCcy", fx.quote)
    text(exchanged, "TrgtCcy", fx.base)
    text(exchanged, "UnitCcy", fx.quote)
    text(exchanged, "XchgRate", rate(fx.rate))
    text(exchanged, "QtnDt", fx.as_of)


def _charged(posted: Posted, effect: CustomerEffect) -> Iterator[Leg]:
    """The customer's legs that are no part of the purchase itself."""
    for leg in _booked(posted):
        if leg.account == effect.account and leg.code not in {_PRINCIPAL, charging.OPENING}:
            yield leg


def _booked(posted: Posted) -> Iterator[Leg]:
    """The legs that moved money; a hold moves none."""
    return (leg for leg in posted.legs if leg.layer == POSTED)


def _charges(parent: Element, legs: list[Leg]) -> None:
    """Each markup and fee; all of them are inside the entry's amount."""
    if not legs:
        return
    found = group(parent, "Chrgs")
    total = sum(_signed(leg) for leg in legs)
    money(found, "TtlChrgsAndTaxAmt", Money(total, legs[0].currency))
    for leg in legs:
        record = group(found, "Rcrd")
        money(record, "Amt", Money(leg.amount, leg.currency))
        direction(record, _signed(leg))
        text(record, "ChrgInclInd", "true")
        kind = group(record, "Tp", "Prtry")
        text(kind, "Id", leg.code)
        text(kind, "Issr", _ISSUER)


def _signed(leg: Leg) -> int:
    return -leg.amount if leg.side == "D" else leg.amount
