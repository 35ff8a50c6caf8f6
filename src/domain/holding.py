"""The pending postings of a hold: they are journalled and balance, and move only what is held."""

from domain import chart
from domain.money import Money
from domain.posting import PENDING, Posting

HOLD, RELEASE = "HOLD", "RELEASE"


def change_hold(account_id: str, network: str, change: Money) -> tuple[Posting, ...]:
    """Postings that hold more (`change` above zero) or release (below); none for zero.

    `change` is in minor units of the account's currency.
    """
    customer, scheme = chart.customer(account_id), chart.settlement(network, change.currency)
    if change.amount > 0:
        return (Posting(customer, scheme, change, HOLD, PENDING),)
    if change.amount < 0:
        return (Posting(scheme, customer, -change, RELEASE, PENDING),)
    return ()
