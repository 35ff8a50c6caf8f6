"""Which postings a transaction makes: it chooses the template of its case, and the amounts."""

from collections.abc import Iterator
from pathlib import Path

from domain import chart
from domain.conversion import share
from domain.events import Decided, Enriched
from domain.money import Money
from domain.posting import Posting
from domain.posting_template import Templates

CLEAR, CASH, REFUND, SUSPEND, OPENING = "CLEAR", "CASH", "REFUND", "SUSPEND", "OPENING"
RESUME, RETURN = "RESUME", "RETURN"

TEMPLATES = Templates.from_json(
    (Path(__file__).parent / "data" / "templates.json").read_bytes(), chart.CHART
)

_CASH_TYPE = "01"


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
    billing, settlement = record.amounts.billing, record.amounts.settlement
    credit = record.direction == "CREDIT"
    # Where the scheme bills and settles in one currency but not in one amount, the position of the
    # currency against itself keeps the difference.
    exchanged = "" if billing == settlement else "_EXCHANGED"
    fees = {} if credit else dict(_fees(record, billing))
    return TEMPLATES.post(
        ("REFUND" if credit else "CHARGE") + exchanged,
        {"account_id": record.account.account_id, "against": against},
        {"billing": billing, "settlement": settlement, **fees},
    )


def suspend(record: Enriched, reason: str) -> tuple[Posting, ...]:
    """Owe the scheme, and keep the other side in suspense of this reason and currency."""
    return _suspense(record, reason, credit=record.direction == "CREDIT")


def give_back(record: Enriched, reason: str) -> tuple[Posting, ...]:
    """Return a suspense booking to the scheme."""
    return _suspense(record, reason, credit=record.direction != "CREDIT")


def open_account(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """Opening money: cash in, owed to the customer."""
    return TEMPLATES.post("OPENING", {"account_id": account_id}, {"opening": amount})


def resume(record: Decided, reason: str) -> tuple[Posting, ...]:
    """Move a suspense booking to the customer."""
    return charge(record, against=suspense_account(record, reason))


def _suspense(record: Enriched, reason: str, *, credit: bool) -> tuple[Posting, ...]:
    return TEMPLATES.post(
        "SUSPEND_CREDIT" if credit else "SUSPEND",
        {"network": record.network, "reason": reason},
        {"settlement": record.amounts.settlement},
    )


def _fees(record: Enriched, billing: Money) -> Iterator[tuple[str, Money]]:
    """What the product charges on top, by the names of the amounts; nothing is left out later."""
    pricing = record.pricing
    if pricing is None:
        return
    own_rate = record.billing_source == "OWN_RATE"
    billed_abroad = record.billing_source == "SCHEME" and pricing.fx_fee_on_billed
    if own_rate or billed_abroad:
        yield "fx_markup", share(billing, pricing.fx_markup)
        yield "fx_fee", Money(pricing.fx_fee, billing.currency)
    if record.type == _CASH_TYPE:
        yield "cash_fee", Money(pricing.cash_fee, billing.currency)
