"""Adding to a record what is known about its account, merchant, price and rate at its business
time.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain import identity
from domain.conversion import FxRate, convert
from domain.events import (
    Amounts,
    Authorized,
    EnrichedForRules,
    Meta,
    OutcomeIds,
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPostingApproved,
    TransactionPostingSuspended,
    TransactionRejected,
)
from domain.money import Money
from domain.payment_time import hold_until
from domain.reference import Account, Merchant, MerchantCategory, Pricing
from domain.transaction import Direction, Transaction, read_transaction

OWN_RATE, SCHEME, SAME_CURRENCY = "OWN_RATE", "SCHEME", "SAME_CURRENCY"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The reference rows found for one record; None where there is none.

    `hold_hours` is how long a hold of such an authorisation lives. `rule_version` names the rule
    set to decide by; `ref_version` is the newest load among the rows.
    """

    account: Account | None = None
    pricing: Pricing | None = None
    merchant: Merchant | None = None
    mcc: MerchantCategory | None = None
    hold_hours: int | None = None
    rule_version: str
    ref_version: int = 0


def rate_needed(transaction: Transaction, account: Account | None) -> tuple[str, str] | None:
    """The currency pair (account's, transaction's) to look up a rate for, or None.

    None also where the scheme sent a billing amount in the account's currency: it is final.
    """
    if account is None or transaction.transaction_amount.currency == account.currency:
        return None
    if transaction.mti_class == "reversal":
        # What is undone is undone with the amounts that were booked.
        return None
    billed = transaction.billing_amount
    if billed is not None and billed.currency == account.currency:
        return None
    return account.currency, transaction.transaction_amount.currency


def billing_of(
    transaction: Transaction, account: Account | None, fx: FxRate | None
) -> tuple[Money | None, str | None]:
    """What the account is charged and who set it, or (None, None) without account or rate."""
    if account is None:
        return None, None
    billed = transaction.billing_amount
    if billed is not None and billed.currency == account.currency:
        return billed, SCHEME
    amount = transaction.transaction_amount
    if amount.currency == account.currency:
        return amount, SAME_CURRENCY
    if fx is None:
        return None, None
    return convert(amount, fx), OWN_RATE


def enrich(event: TransactionAuthorized, known: Known, fx: FxRate | None) -> TransactionEnriched:
    """TransactionEnriched of an authorised record; the same inputs make the same event."""
    record = event.data
    transaction = read_transaction(record.mti, record.network, record.cain)
    undone = transaction.amount_undone
    billing, billing_source = billing_of(transaction, known.account, fx)
    if billing is not None and billing.amount == 0:
        # A tiny amount in a weak currency: nothing that could be charged, and the scheme is owed.
        billing, billing_source = None, None
    data = EnrichedForRules(
        **_fields_of(record),
        type=transaction.type,
        direction=_direction(transaction),
        amounts=_amounts(transaction, billing) if undone is None else _undone(transaction, undone),
        billing_source=billing_source,
        account=known.account,
        merchant=known.merchant or _merchant_in(transaction),
        mcc=known.mcc,
        country=transaction.acquirer_country,
        fx=fx if billing_source == OWN_RATE else None,
        pricing=known.pricing,
        response_code=transaction.response_code,
        approval_code=transaction.approval_code,
        value_date=transaction.settlement_date or event.meta.business_time[:10],
        purchase_id=purchase_of(record, transaction),
        rule_version=known.rule_version,
        ref_version=known.ref_version,
        hold_until=hold_until(event.meta.business_time, record.received_at, known.hold_hours),
        outcome_ids=_outcome_ids(record),
    )
    return TransactionEnriched(meta=_meta(event), data=data)


def purchase_of(record: Authorized, transaction: Transaction) -> str | None:
    """The id that both presentments of one purchase share; None without a retrieval reference."""
    if transaction.rrn is None:
        return None
    return identity.purchase_id(
        record.network,
        transaction.acquirer_id,
        transaction.terminal_id or "",
        transaction.merchant_id or "",
        transaction.rrn,
        record.token,
    )


def _direction(transaction: Transaction) -> Direction:
    """Of the money: undoing a debit is a credit."""
    if transaction.mti_class != "reversal":
        return transaction.direction
    return "CREDIT" if transaction.direction == "DEBIT" else "DEBIT"


def _amounts(transaction: Transaction, billing: Money | None) -> Amounts:
    return Amounts(
        transaction=transaction.transaction_amount,
        settlement=transaction.settlement_amount or transaction.transaction_amount,
        billing=billing,
    )


def _undone(transaction: Transaction, undone: Money) -> Amounts:
    """Of a reversal in full the scheme may state what it settles; of a part, only what remains."""
    whole = transaction.cain.amounts.qualifier is None
    stated = transaction.settlement_amount if whole else None
    return Amounts(transaction=undone, settlement=stated or undone, billing=None)


def _merchant_in(transaction: Transaction) -> Merchant | None:
    """The merchant as the message names it, where our reference data has none."""
    name = transaction.merchant_name
    if name is None:
        return None
    return Merchant(
        merchant_id=transaction.merchant_id or "",
        name=name,
        mcc=transaction.mcc,
        country=transaction.acquirer_country,
    )


def _fields_of(record: Authorized) -> Mapping[str, Any]:
    return {name: getattr(record, name) for name in Authorized.__struct_fields__}


def _meta(event: TransactionAuthorized) -> Meta:
    detail_type = TransactionEnriched.detail_type()
    return msgspec.structs.replace(
        event.meta,
        event_id=identity.event_id(event.data.msg_id, event.data.ingest_id, detail_type),
        causation_id=event.meta.event_id,
    )


def _outcome_ids(record: Authorized) -> OutcomeIds:
    approved, suspended, rejected = (
        identity.event_id(record.msg_id, record.ingest_id, outcome.detail_type())
        for outcome in (
            TransactionPostingApproved,
            TransactionPostingSuspended,
            TransactionRejected,
        )
    )
    return OutcomeIds(
        transaction_posting_approved=approved,
        transaction_posting_suspended=suspended,
        transaction_rejected=rejected,
    )
