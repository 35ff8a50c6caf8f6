"""The postings that no card message makes: disputes, and the scheme's settlement."""

from domain.charging import TEMPLATES
from domain.money import Money
from domain.posting import Posting


def open_dispute(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """Provisional credit to the customer, claimed from the scheme."""
    return TEMPLATES.post("DISPUTE_OPENED", {"account_id": account_id}, {"disputed": amount})


def win_dispute(network: str, amount: Money) -> tuple[Posting, ...]:
    """The scheme gives the money back."""
    return TEMPLATES.post("DISPUTE_WON", {"network": network}, {"disputed": amount})


def lose_dispute(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """The provisional credit goes back: the customer pays after all."""
    return TEMPLATES.post("DISPUTE_LOST", {"account_id": account_id}, {"disputed": amount})


def bear_dispute(amount: Money) -> tuple[Posting, ...]:
    """The dispute is lost, the customer keeps the credit, and we bear it."""
    return TEMPLATES.post("DISPUTE_BORNE", {}, {"disputed": amount})


def settle(network: str, amount: Money) -> tuple[Posting, ...]:
    """Pay the scheme in a currency that is at hand."""
    return TEMPLATES.post("SETTLE", {"network": network}, {"settled": amount})


def settle_bought(network: str, amount: Money, cost: Money) -> tuple[Posting, ...]:
    """Pay the scheme in a currency that was bought for `cost` of our own."""
    return TEMPLATES.post("SETTLE_BOUGHT", {"network": network}, {"settled": amount, "cost": cost})


def sweep_position(against: str, gain: Money) -> tuple[Posting, ...]:
    """What the position of `gain`'s currency against another one has left becomes income.

    A gain is what stands on its credit side; below zero it is a loss.
    """
    name, amount = ("FX_GAIN", gain) if gain.amount >= 0 else ("FX_LOSS", -gain)
    return TEMPLATES.post(name, {"other_currency": against}, {"gain": amount})
