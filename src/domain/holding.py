"""The pending postings of a hold: they are journalled and balance, and move only what is held."""

from domain.charging import TEMPLATES
from domain.money import Money
from domain.posting import Posting

HOLD, RELEASE = "HOLD", "RELEASE"


def change_hold(account_id: str, network: str, change: Money) -> tuple[Posting, ...]:
    """Postings that hold more (`change` above zero) or release (below); none for zero.

    `change` is in minor units of the account's currency.
    """
    names = {"account_id": account_id, "network": network}
    if change.amount > 0:
        return TEMPLATES.post(HOLD, names, {"hold": change})
    if change.amount < 0:
        return TEMPLATES.post(RELEASE, names, {"hold": -change})
    return ()
