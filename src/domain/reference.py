"""Reference data as the events carry it: what was known about account, merchant and price at
enrichment.
"""

from typing import Literal

import msgspec

type FundsPolicy = Literal["OVERDRAW", "SPLIT", "SUSPEND"]
type PostingMode = Literal["SINGLE", "BATCHED"]

OPEN, HOLD_DEBIT, HOLD_ALL, CLOSED = "OPEN", "HOLD_DEBIT", "HOLD_ALL", "CLOSED"
STATUSES = (OPEN, HOLD_DEBIT, HOLD_ALL, CLOSED)
SINGLE: PostingMode = "SINGLE"
BATCHED: PostingMode = "BATCHED"


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer's account; `currency` is the billing currency.

    `posting_mode`: BATCHED books several of its records in one transaction, for an account that
    hundreds of cards meet on.
    """

    account_id: str
    status: str
    currency: str
    product: str
    branch: str | None = None
    iban: str | None = None
    holder: str | None = None
    description: str | None = None
    posting_mode: PostingMode = "SINGLE"


class Merchant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    merchant_id: str
    name: str
    mcc: str | None = None
    country: str | None = None
    city: str | None = None


class MerchantCategory(msgspec.Struct, frozen=True):
    """ISO 18245."""

    mcc: str
    description: str


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """What the product charges: a percent string, and fees in minor units of the account's
    currency.

    `funds_policy` says what is booked of a purchase that the account has not enough money for.
    `fx_fee_on_billed` charges markup and fee also where the scheme sent the billing amount (DE6),
    which is otherwise final.
    """

    fx_markup: str = "0"
    fx_fee: int = 0
    cash_fee: int = 0
    fx_fee_on_billed: bool = False
    funds_policy: FundsPolicy = "OVERDRAW"


def status_refusal(status: str, direction: str) -> str | None:
    """The suspense reason when an account of this status takes no booking of this direction, else
    None.

    A debit needs OPEN; a credit is taken by anything but HOLD_ALL and CLOSED.
    """
    if status == CLOSED:
        return "ACCOUNT_CLOSED"
    if status == HOLD_ALL or (status == HOLD_DEBIT and direction == "DEBIT"):
        return "ACCOUNT_ON_HOLD"
    return None
