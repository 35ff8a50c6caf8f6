"""The transaction amount of a record, from its row."""

from collections.abc import Mapping
from typing import Any

from domain.cain import from_json
from domain.money import Money
from domain.transaction import read_transaction


def amount_of(record: Mapping[str, Any]) -> Money | None:
    """Of an Inbox or parked row; None for a record that has no message."""
    if not record.get("cain"):
        return None
    transaction = read_transaction(record["mti"], record["network"], from_json(record["cain"]))
    return transaction.transaction_amount
