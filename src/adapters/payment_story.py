"""The card payment that a record belongs to, as it is now: label, counters, and who booked what."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.journal import JournalTable
from adapters.payments import PaymentTable
from domain import chart
from domain.cain import from_json
from domain.correcting import correction_header_id, principal_given_back
from domain.header import StoredHeader
from domain.life import ACCEPT, DISPUTE, LOSE, WIN, Life
from domain.matching import keys_of
from domain.transaction import read_transaction

_DISPUTES = frozenset({DISPUTE, WIN, LOSE})
# What people ordered of the payment, and no message said.
_ORDERED = _DISPUTES | {ACCEPT}

type Told = dict[str, Any]


class PaymentStory:
    """Values are JSON; amounts are minor units of the account's currency."""

    def __init__(self, journal: JournalTable, payments: PaymentTable) -> None:
        self._journal = journal
        self._payments = payments

    def of(self, told: Told, row: Mapping[str, Any]) -> Told:
        """`payment` (None where there is none), `disputes`, its bookings of those, and
        `acceptances`, where somebody found its excess right.

        `told` is the record's story so far, `row` the record's own.
        """
        life = self._life(told, row)
        if life is None:
            return {"payment": None, "disputes": [], "acceptances": []}
        ordered = self._headers([e.header_id for e in life.taken if e.kind in _ORDERED])
        state = msgspec.to_builtins(life.state)
        more = {
            "currency": life.payment.currency or None,
            "due": life.due,
            "corrected": corrected(self._journal, life),
            "bookings": [
                {
                    "header_id": each.header_id,
                    "kind": each.kind,
                    "amount": each.amount,
                    "at": each.at,
                }
                | _decided(ordered.get(each.header_id))
                for each in life.taken
            ],
        }
        accepted = {each.header_id for each in life.taken if each.kind == ACCEPT}
        posted = {name: msgspec.to_builtins(each.posted) for name, each in ordered.items()}
        return {
            "payment": state | more,
            "disputes": [each for name, each in posted.items() if name not in accepted],
            "acceptances": [each for name, each in posted.items() if name in accepted],
        }

    def _life(self, told: Told, row: Mapping[str, Any]) -> Life | None:
        """By what the booking says, else by the keys of the message: it may wait, or be refused."""
        for header in (told.get("resolution"), told.get("booking")):
            if header and header.get("payment"):
                return self._payments.get(header["payment"]["payment_id"])
        if not row.get("cain") or not row.get("mti"):
            return None
        transaction = read_transaction(row["mti"], row["network"], from_json(row["cain"]))
        return self._payments.find(keys_of(transaction)).life

    def _headers(self, header_ids: list[str]) -> dict[str, StoredHeader]:
        """In this order, which is that of their bookings."""
        found = self._journal.get_many(header_ids)
        return {each: found[each] for each in header_ids if each in found}


def corrected(journal: JournalTable, life: Life) -> int:
    """What corrections of a payment's bookings have given back of the purchases, which its counters
    do not know: minor units, below zero where they took more.
    """
    customer, total = chart.customer(life.payment.account), 0
    chain = [correction_header_id(each.header_id) for each in life.taken]
    while chain:
        found = journal.get_many(chain)
        legs = (header.posted.legs for header in found.values())
        total += sum(principal_given_back(each, customer) for each in legs)
        chain = [correction_header_id(each) for each in found]
    return total


def _decided(header: StoredHeader | None) -> Told:
    return {"decided": header.decided} if header and header.decided else {}
