"""Put a decoded message into ISO 20022 form (cain), with a token in place of the card number."""

from collections.abc import Mapping
from datetime import date

from domain.business_time import nearest_date
from domain.cain import (
    Acceptor,
    AccountType,
    Acquirer,
    AdditionalAmount,
    AdditionalFee,
    Amounts,
    Cain,
    Card,
    Characteristics,
    Context,
    ConversionDate,
    Header,
    OriginalAmounts,
    OriginalData,
    OriginalTransactionId,
    ProcessingResult,
    Sender,
    SettlementService,
    Terminal,
    TransactionId,
)
from domain.currency import alpha_of
from domain.iso8583.decoded import Decoded
from domain.message_type import parse_mti
from domain.money import Money

type Elements = Mapping[str, str]

# DE22, digits 1 and 2. Other modes have no code of their own here and are left out.
_ENTRY_MODES = {
    "01": "KEEN",
    "02": "MGST",
    "05": "ICCY",
    "07": "ICPY",
    "80": "MGST",
    "90": "MGST",
    "91": "MSIP",
}
_PRESENT_MODES = frozenset({"02", "05", "07", "80", "90", "91"})
# DE25: cardholder absent, card absent, mail or telephone order, electronic commerce.
_ABSENT_CONDITIONS = frozenset({"01", "05", "08", "59"})
_PREAUTHORISED = "06"
_CREDIT_DEBIT = {"C": "CRDT", "D": "DBIT"}
_FEE_CURRENCIES = {"DE28": "DE49", "DE29": "DE50", "DE30": "DE49", "DE31": "DE50"}


def to_cain(decoded: Decoded, token: str, exchange_id: str) -> Cain:
    """`exchange_id` is the msg_id. Of the card, only the token and its sequence number go over."""
    de = decoded.elements
    sent_on = date.fromisoformat(decoded.transmitted_at[:10])
    return Cain(
        header=_header(decoded, exchange_id),
        characteristics=Characteristics(
            transaction_type=de["DE3"][:2],
            attributes=("PAUT",) if de.get("DE25") == _PREAUTHORISED else (),
        ),
        account_from=AccountType(type=de["DE3"][2:4]),
        account_to=AccountType(type=de["DE3"][4:6]),
        acquirer=Acquirer(id=de["DE32"], country=de.get("DE19")),
        sender=Sender(id=de["DE33"]) if "DE33" in de else None,
        card=Card(token=token, protected=True, sequence_number=de.get("DE23")),
        transaction_id=_transaction_id(decoded, sent_on),
        conversion=ConversionDate(date=_dated(de["DE16"], sent_on)) if "DE16" in de else None,
        amounts=_amounts(de),
        additional_amounts=_additional_amounts(de),
        original=_original(de),
        acceptor=_acceptor(de),
        terminal=Terminal(id=de["DE41"]) if "DE41" in de else None,
        context=_context(de),
        settlement=SettlementService(date=_dated(de["DE15"], sent_on)) if "DE15" in de else None,
        fees=_fees(de),
        result=_result(de),
    )


def _header(decoded: Decoded, exchange_id: str) -> Header:
    message_type = parse_mti(decoded.mti)
    advice = message_type.function in ("advice", "advice_response")
    return Header(
        message_function="ADVC" if advice else "REQU",
        exchange_id=exchange_id,
        retransmission_counter="1" if message_type.repeat else None,
    )


def _transaction_id(decoded: Decoded, sent_on: date) -> TransactionId:
    de = decoded.elements
    time = de.get("DE12")
    return TransactionId(
        transmitted_at=decoded.transmitted_at,
        stan=de["DE11"],
        local_date=_dated(de["DE13"], sent_on) if "DE13" in de else None,
        local_time=f"{time[:2]}:{time[2:4]}:{time[4:]}" if time else None,
        retrieval_reference=de.get("DE37"),
        life_cycle_id=de.get("DE63"),
        presentment_number=_two_digits(de.get("DE71")),
        presentment_count=_two_digits(de.get("DE72")),
    )


def _two_digits(number: str | None) -> str | None:
    """Message numbers have four digits in ISO 8583, and two in ISO 20022 as far as that goes."""
    return f"{int(number):02}" if number is not None else None


def _amounts(de: Elements) -> Amounts:
    """In a reversal DE95 states what remains: its amounts replace those of DE4 and DE5."""
    replaced = de.get("DE95")
    settlement = replaced[12:24] if replaced and "DE5" in de else de.get("DE5")
    return Amounts(
        amount=_major(replaced[:12] if replaced else de["DE4"], de["DE49"]),
        currency=de["DE49"],
        qualifier="ACTL" if replaced else None,
        settlement_amount=_major(settlement, de["DE50"]) if settlement else None,
        settlement_currency=de["DE50"] if settlement else None,
        settlement_rate=_rate(de.get("DE9")),
        billing_amount=_major(de["DE6"], de["DE51"]) if "DE6" in de else None,
        billing_currency=de["DE51"] if "DE6" in de else None,
        billing_rate=_rate(de.get("DE10")),
    )


def _additional_amounts(de: Elements) -> tuple[AdditionalAmount, ...]:
    text = de.get("DE54", "")
    groups = [text[at : at + 20] for at in range(0, len(text), 20)]
    return tuple(
        AdditionalAmount(
            account_type=group[:2],
            type=group[2:4],
            currency=group[4:7],
            credit_debit=_CREDIT_DEBIT[group[7]],
            amount=_major(group[8:], group[4:7]),
        )
        for group in groups
    )


def _original(de: Elements) -> OriginalData | None:
    """DE90 is MTI (4), STAN (6), DE7 (10), acquirer (11) and forwarder (11) of the original."""
    text = de.get("DE90")
    amounts = OriginalAmounts(_major(de["DE4"], de["DE49"]), de["DE49"]) if "DE95" in de else None
    if text is None:
        return OriginalData(amounts=amounts) if amounts else None
    return OriginalData(
        message_class=text[1],
        message_function=text[2],
        transaction_id=OriginalTransactionId(transmitted_at=text[10:20], stan=text[4:10]),
        acquirer_id=text[20:31],
        sender_id=text[31:42] if int(text[31:42]) else None,
        amounts=amounts,
    )


def _acceptor(de: Elements) -> Acceptor | None:
    if "DE42" not in de and "DE43" not in de:
        return None
    return Acceptor(id=de.get("DE42"), name_and_location=de.get("DE43"))


def _context(de: Elements) -> Context | None:
    mode, condition = de.get("DE22", "")[:2], de.get("DE25")
    present = True if mode in _PRESENT_MODES else None
    context = Context(
        mcc=de.get("DE18"),
        entry_mode=_ENTRY_MODES.get(mode),
        card_present=False if condition in _ABSENT_CONDITIONS else present,
    )
    return context if context != Context() else None


def _fees(de: Elements) -> tuple[AdditionalFee, ...]:
    return tuple(
        AdditionalFee(
            type=name,
            amount=_major(de[name][1:], de[currency]),
            credit_debit=_CREDIT_DEBIT[de[name][0]],
        )
        for name, currency in _FEE_CURRENCIES.items()
        if name in de
    )


def _result(de: Elements) -> ProcessingResult | None:
    if "DE38" not in de and "DE39" not in de:
        return None
    return ProcessingResult(approval_code=de.get("DE38"), response_code=de.get("DE39"))


def _major(minor: str, numeric: str) -> str:
    return Money(int(minor), alpha_of(numeric)).to_decimal_string()


def _rate(text: str | None) -> str | None:
    """Number of decimals, then seven digits: 61234567 is 1.234567."""
    if text is None:
        return None
    places, digits = int(text[0]), text[1:]
    whole, fraction = digits[: 7 - places] or "0", digits[7 - places :]
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))


def _dated(mmdd: str, to: date) -> str:
    """The decoder has refused dates that no year around the transmission has."""
    found = nearest_date(mmdd, to)
    if found is None:
        raise ValueError("a date without a year passed the decoder")
    return found.isoformat()
