"""Which postings a transaction makes: the cases of the chart of accounts, by direction and
purpose.
"""

from collections.abc import Iterator

from domain import chart
from domain.conversion import share
from domain.events import Decided, Enriched
from domain.money import Money
from domain.posting import Posting

CLEAR, CASH, REFUND, SUSPEND, OPENING = "CLEAR", "CASH", "REFUND", "SUSPEND", "OPENING"
RESUME, RETURN = "RESUME", "RETURN"

_CASH_TYPE = "01"
_PRINCIPAL, _EXCHANGE = "PRINCIPAL", "FX"


def purpose_of(record: Enriched) -> str:
    """CLEAR for a purchase, CASH for a withdrawal, REFUND for a credit."""
    if record.direction == "CREDIT":
        return REFUND
    return CASH if record.type == _CASH_TYPE else CLEAR


def scheme_account(record: Enriched) -> str:
    return chart.settlement(record.network, record.amounts.settlement.currency)


def suspense_account(record: Enriched, reason: str) -> str:
    return chart.suspense(reason, record.amounts.settlement.currency)


def charge(record: Enriched, against: str) -> tuple[Posting, ...]:
    """Book the record to its customer against the scheme, or against suspense when it is resumed.

    Needs an account and a billing amount. Markup and fees are postings of their own, never folded
    into the rate, so that a statement shows them and a reversal mirrors them.
    """
    if record.account is None or record.amounts.billing is None:
        raise ValueError(f"{record.ingest_id} has no account or no billing amount to charge")
    customer = chart.customer(record.account.account_id)
    billing, settlement = record.amounts.billing, record.amounts.settlement
    principal = tuple(_principal(customer, against, billing, settlement))
    if record.direction == "CREDIT":
        return tuple(_mirrored(posting) for posting in principal)
    return (*principal, *_fees(record, customer, billing))


def suspend(record: Enriched, reason: str) -> tuple[Posting, ...]:
    """Owe the scheme, and keep the other side in suspense of this reason and currency."""
    posting = Posting(
        debit=suspense_account(record, reason),
        credit=scheme_account(record),
        amount=record.amounts.settlement,
        code=_PRINCIPAL,
    )
    return (_mirrored(posting) if record.direction == "CREDIT" else posting,)


def give_back(record: Enriched, reason: str) -> tuple[Posting, ...]:
    """Return a suspense booking to the scheme."""
    return tuple(_mirrored(posting) for posting in suspend(record, reason))


def open_account(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """Opening money: cash in, owed to the customer."""
    return (
        Posting(
            debit=chart.nostro(amount.currency),
            credit=chart.customer(account_id),
            amount=amount,
            code=OPENING,
        ),
    )


def resume(record: Decided, reason: str) -> tuple[Posting, ...]:
    """Move a suspense booking to the customer."""
    return charge(record, against=suspense_account(record, reason))


def _principal(customer: str, against: str, billing: Money, owed: Money) -> Iterator[Posting]:
    if billing == owed:
        yield Posting(customer, against, billing, _PRINCIPAL)
        return
    # Where the scheme bills and settles in one currency but not in one amount, the position of the
    # currency against itself keeps the difference.
    yield Posting(customer, chart.position(billing.currency, owed.currency), billing, _PRINCIPAL)
    yield Posting(chart.position(owed.currency, billing.currency), against, owed, _EXCHANGE)


def _fees(record: Enriched, customer: str, billing: Money) -> Iterator[Posting]:
    pricing = record.pricing
    if pricing is None:
        return
    own_rate = record.billing_source == "OWN_RATE"
    billed_abroad = record.billing_source == "SCHEME" and pricing.fx_fee_on_billed
    fees = []
    if own_rate or billed_abroad:
        fees.append((chart.FX_MARKUP, share(billing, pricing.fx_markup), "FX_MARKUP"))
        fees.append((chart.FX_FEE, Money(pricing.fx_fee, billing.currency), "FX_FEE"))
    if record.type == _CASH_TYPE:
        fees.append((chart.CASH_FEE, Money(pricing.cash_fee, billing.currency), "CASH_FEE"))
    for income, amount, code in fees:
        if amount.amount:
            yield Posting(customer, income, amount, code)


def _mirrored(posting: Posting) -> Posting:
    return Posting(posting.credit, posting.debit, posting.amount, posting.code)
