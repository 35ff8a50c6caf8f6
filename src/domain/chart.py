"""Names of the ledger accounts, from the chart of accounts that ships: data/chart.json."""

from pathlib import Path

from domain.chart_of_accounts import Chart

CHART = Chart.from_json((Path(__file__).parent / "data" / "chart.json").read_bytes())

FX_MARKUP = CHART.name("fx_markup")
FX_FEE = CHART.name("fx_fee")
CASH_FEE = CHART.name("cash_fee")
FX_GAIN = CHART.name("fx_gain")
SETTLEMENT_DIFFERENCE = CHART.name("settlement_difference")


def customer(account_id: str) -> str:
    return CHART.name("customer", account_id=account_id)


def account_id_of(customer: str) -> str:
    """The id in a customer's account."""
    return customer.removeprefix(CHART.name("customer", account_id=""))


def settlement(network: str, currency: str) -> str:
    """What we owe the card scheme until it settles."""
    return CHART.name("settlement", network=network, currency=currency)


def suspense(reason: str, currency: str) -> str:
    """Either side: a purchase waits here as an asset, a refund as a liability."""
    return CHART.name("suspense", reason=reason, currency=currency)


def position(currency: str, against: str) -> str:
    """The foreign-exchange position held in `currency` against another one."""
    return CHART.name("position", currency=currency, other_currency=against)


def nostro(currency: str) -> str:
    return CHART.name("nostro", currency=currency)


def overdrawn(account_id: str) -> str:
    """What the customer's account lacked for its purchases, to be paid by its next credit."""
    return CHART.name("overdrawn", account_id=account_id)
