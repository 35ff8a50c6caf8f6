"""The postings of a dispute, which no card message makes."""

from domain.charging import TEMPLATES
from domain.money import Money
from domain.posting import Posting


def open_dispute(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """Provisional credit to the customer, claimed from the scheme."""
    return TEMPLATES.post("DISPUTE_OPENED", {"account_id": account_id}, {"disputed": amount})


def win_dispute(network: str, amount: Money, settled: Money | None = None) -> tuple[Posting, ...]:
    """The scheme gives the money back; `settled` is what it pays where that is another currency."""
    if settled is None:
        return TEMPLATES.post("DISPUTE_WON", {"network": network}, {"disputed": amount})
    amounts = {"disputed": amount, "settlement": settled}
    return TEMPLATES.post("DISPUTE_WON_EXCHANGED", {"network": network}, amounts)


def lose_dispute(account_id: str, amount: Money) -> tuple[Posting, ...]:
    """The provisional credit goes back: the customer pays after all."""
    return TEMPLATES.post("DISPUTE_LOST", {"account_id": account_id}, {"disputed": amount})


def bear_dispute(amount: Money) -> tuple[Posting, ...]:
    """The dispute is lost, the customer keeps the credit, and we bear it."""
    return TEMPLATES.post("DISPUTE_BORNE", {}, {"disputed": amount})
