"""A card message in ISO 20022 form (cain .04/.05, flat below the root), without a card number.

Field names in JSON are the short names of ISO 20022, in the order of its schemas; names in Python
are readable. Amounts are decimal strings in major units, currencies are three-digit ISO 4217 codes,
as the standard has them.
Fields that are not known here are ignored on reading, so that events may grow.
"""

import msgspec
from msgspec import Struct, field


class Header(Struct, frozen=True, omit_defaults=True, kw_only=True):
    message_function: str = field(name="MsgFctn")
    exchange_id: str = field(name="XchgId")
    retransmission_counter: str | None = field(name="ReTrnsmssnCntr", default=None)
    created_at: str | None = field(name="CreDtTm", default=None)


class Characteristics(Struct, frozen=True, omit_defaults=True):
    """TxTp is the first two digits of DE3: 00 purchase, 01 cash, 20 refund. TxAttr is PAUT for a
    pre-authorisation.
    """

    transaction_type: str = field(name="TxTp")
    attributes: tuple[str, ...] = field(name="TxAttr", default=())


class AccountType(Struct, frozen=True, omit_defaults=True):
    type: str = field(name="Tp")


class Acquirer(Struct, frozen=True, omit_defaults=True):
    id: str = field(name="Id")
    country: str | None = field(name="Ctry", default=None)


class Sender(Struct, frozen=True, omit_defaults=True):
    id: str = field(name="Id")


class Card(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """PmtAcctRef is the token: the card number itself is never part of this form."""

    protected: bool = field(name="PrtctdPAN")
    sequence_number: str | None = field(name="CardSeqNb", default=None)
    token: str = field(name="PmtAcctRef")


class TransactionId(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """TrnsmssnDtTm is UTC with its year; LclDt and LclTm are the terminal's own.

    A purchase may be presented in parts: this is number PresntmntSeqNb of PresntmntSeqCnt.
    """

    local_date: str | None = field(name="LclDt", default=None)
    local_time: str | None = field(name="LclTm", default=None)
    transmitted_at: str = field(name="TrnsmssnDtTm")
    stan: str = field(name="SysTracAudtNb")
    retrieval_reference: str | None = field(name="RtrvlRefNb", default=None)
    life_cycle_id: str | None = field(name="LifeCyclId", default=None)
    presentment_number: str | None = field(name="PresntmntSeqNb", default=None)
    presentment_count: str | None = field(name="PresntmntSeqCnt", default=None)


class ConversionDate(Struct, frozen=True, omit_defaults=True):
    date: str = field(name="Dt")


class Amounts(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Transaction, settlement (Rcncltn) and billing (CrdhldrBllg) amounts, each with its currency.

    AmtQlfr is ACTL when DE95 replaced the amounts; those of DE4 to DE6 are then in OrgnlDataElmts.
    """

    qualifier: str | None = field(name="AmtQlfr", default=None)
    amount: str = field(name="Amt")
    currency: str = field(name="Ccy")
    billing_amount: str | None = field(name="CrdhldrBllgAmt", default=None)
    billing_currency: str | None = field(name="CrdhldrBllgCcy", default=None)
    billing_rate: str | None = field(name="CrdhldrBllgFctvXchgRate", default=None)
    settlement_amount: str | None = field(name="RcncltnAmt", default=None)
    settlement_currency: str | None = field(name="RcncltnCcy", default=None)
    settlement_rate: str | None = field(name="RcncltnFctvXchgRate", default=None)


class AdditionalAmount(Struct, frozen=True, omit_defaults=True):
    """One part of DE54, such as the cashback inside a purchase. CdtDbt is CRDT or DBIT; AcctTp is
    DE54's own, the standard has no place for it.
    """

    type: str = field(name="Tp")
    amount: str = field(name="Amt")
    currency: str = field(name="Ccy")
    credit_debit: str = field(name="CdtDbt")
    account_type: str | None = field(name="AcctTp", default=None)


class OriginalTransactionId(Struct, frozen=True, omit_defaults=True):
    """TrnsmssnDtTm is MMDDhhmmss as it was sent: DE90 carries no year."""

    transmitted_at: str = field(name="TrnsmssnDtTm")
    stan: str = field(name="SysTracAudtNb")


class OriginalAmounts(Struct, frozen=True, omit_defaults=True):
    amount: str = field(name="Amt")
    currency: str = field(name="Ccy")


class OriginalData(Struct, frozen=True, omit_defaults=True):
    """What DE90 says of the message that this one follows, and the amounts that DE95 replaced.

    MsgClss and MsgFctn are digits as in DE90: the standard has no code for a reversal's class.
    """

    message_class: str | None = field(name="MsgClss", default=None)
    message_function: str | None = field(name="MsgFctn", default=None)
    acquirer_id: str | None = field(name="AcqrrId", default=None)
    sender_id: str | None = field(name="SndrId", default=None)
    transaction_id: OriginalTransactionId | None = field(name="TxId", default=None)
    amounts: OriginalAmounts | None = field(name="TxAmts", default=None)


class Acceptor(Struct, frozen=True, omit_defaults=True):
    id: str | None = field(name="Id", default=None)
    name_and_location: str | None = field(name="NmAndLctn", default=None)


class Terminal(Struct, frozen=True, omit_defaults=True):
    id: str = field(name="Id")


class Context(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """CardDataNtryMd is an ISO 20022 code (ICCY, MGST, KEEN ...), CardPres a flag."""

    entry_mode: str | None = field(name="CardDataNtryMd", default=None)
    mcc: str | None = field(name="MrchntCtgyCd", default=None)
    card_present: bool | None = field(name="CardPres", default=None)


class SettlementService(Struct, frozen=True, omit_defaults=True):
    date: str | None = field(name="Dt", default=None)


class AdditionalFee(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A fee of DE28 to DE31. CdtDbt is CRDT or DBIT; the currency is the one of its amount."""

    type: str = field(name="Tp")
    credit_debit: str = field(name="CdtDbt")
    amount: str = field(name="Amt")


class ProcessingResult(Struct, frozen=True, omit_defaults=True, kw_only=True):
    response_code: str | None = field(name="RspnCd", default=None)
    approval_code: str | None = field(name="ApprvlCd", default=None)


class Cain(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The root: one card message in ISO 20022 form."""

    header: Header = field(name="Hdr")
    characteristics: Characteristics = field(name="TxChrtcs")
    acquirer: Acquirer = field(name="Acqrr")
    sender: Sender | None = field(name="Sndr", default=None)
    card: Card = field(name="Card")
    account_from: AccountType | None = field(name="AcctFr", default=None)
    account_to: AccountType | None = field(name="AcctTo", default=None)
    transaction_id: TransactionId = field(name="TxId")
    conversion: ConversionDate | None = field(name="ConvsDtTm", default=None)
    amounts: Amounts = field(name="TxAmts")
    additional_amounts: tuple[AdditionalAmount, ...] = field(name="AddtlAmt", default=())
    original: OriginalData | None = field(name="OrgnlDataElmts", default=None)
    acceptor: Acceptor | None = field(name="Accptr", default=None)
    terminal: Terminal | None = field(name="Termnl", default=None)
    context: Context | None = field(name="Cntxt", default=None)
    settlement: SettlementService | None = field(name="SttlmSvc", default=None)
    fees: tuple[AdditionalFee, ...] = field(name="AddtlFee", default=())
    result: ProcessingResult | None = field(name="PrcgRslt", default=None)


def to_json(cain: Cain) -> str:
    """The form as JSON text, fields always in the same order."""
    return msgspec.json.encode(cain).decode()


def from_json(text: str | bytes) -> Cain:
    """Read JSON text. Raises msgspec.ValidationError with the path of the wrong field."""
    return msgspec.json.decode(text, type=Cain)
