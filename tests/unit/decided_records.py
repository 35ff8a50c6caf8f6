"""Decided records for the tests of what is booked, with the numbers of the worked cases."""

import msgspec

from domain.cain import from_json
from domain.conversion import FxRate, convert
from domain.events import Amounts, Decided, Decision
from domain.money import Money
from domain.reference import Account, Pricing

RATE_USD = FxRate("EUR", "USD", "0.912345", "ECB", "2026-11-20T00:00:00Z")
RATE_JPY = FxRate("EUR", "JPY", "0.006123", "ECB", "2026-11-20T00:00:00Z")
RATE_KWD = FxRate("EUR", "KWD", "2.987654", "ECB", "2026-11-20T00:00:00Z")
TRAVEL = Pricing(fx_markup="2.0", fx_fee=150, cash_fee=250)
CAIN = from_json(
    msgspec.json.encode(
        {
            "Hdr": {"MsgFctn": "ADVC", "XchgId": "msg_a"},
            "TxChrtcs": {"TxTp": "00"},
            "Acqrr": {"Id": "400001"},
            "Card": {"PrtctdPAN": True, "PmtAcctRef": "tok_a"},
            "TxId": {"TrnsmssnDtTm": "2026-11-20T10:11:12Z", "SysTracAudtNb": "000001"},
            "TxAmts": {"Amt": "45.00", "Ccy": "978"},
        }
    )
)


def account(currency: str = "EUR", status: str = "OPEN") -> Account:
    return Account(account_id="A1", status=status, currency=currency, product="CLASSIC")


def decided(
    amount: Money,
    *,
    rate: FxRate | None = None,
    billing: Money | None = None,
    settlement: Money | None = None,
    type: str = "00",
    direction: str = "DEBIT",
    network: str = "VISA",
    pricing: Pricing | None = None,
    known: Account | None = None,
    unknown_account: bool = False,
    outcome: str = "APPROVED",
    reason: str | None = None,
    mti: str = "0220",
    purchase_id: str | None = None,
    ingest_id: str = "ing_a",
    fingerprint: str = "f" * 64,
    ref_version: int = 1,
) -> Decided:
    """An approved EUR purchase unless said otherwise; `rate` converts, `billing` is the scheme's
    DE6.
    """
    holder = None if unknown_account else known or account()
    source = None
    if billing is not None:
        source = "SCHEME"
    elif rate is not None:
        billing, source = convert(amount, rate), "OWN_RATE"
    elif holder is not None and holder.currency == amount.currency:
        billing, source = amount, "SAME_CURRENCY"
    return Decided(
        ingest_id=ingest_id,
        msg_id="msg_a",
        fingerprint=fingerprint,
        network=network,
        mti=mti,
        token="tok_a",
        last4="0119",
        received_at="2026-11-20T10:11:13.000+00:00",
        door="api",
        source_ref="api#0",
        cain=CAIN,
        type=type,
        direction=direction,
        amounts=Amounts(transaction=amount, settlement=settlement or amount, billing=billing),
        billing_source=source,
        account=holder,
        merchant=None,
        mcc=None,
        country=None,
        fx=rate,
        pricing=pricing,
        response_code="00",
        approval_code="123456",
        value_date="2026-11-20",
        purchase_id=purchase_id,
        rule_version="v1",
        ref_version=ref_version,
        decision=Decision(outcome=outcome, reason=reason, rule_version="v1"),
    )
